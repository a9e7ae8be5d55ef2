// Package web serves the page people use: one HTML file, one script and one
// style sheet, bundled beforehand into dist and embedded in the binary.
package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/napalmsky/napalmsky/host/compress"
)

//go:embed src/index.html src/icon.svg src/unbuilt.html all:dist
var embedded embed.FS

// Options of the page. The zero value serves what is embedded.
type Options struct {
	// Files replaces the embedded files: src/index.html, src/icon.svg,
	// src/unbuilt.html, dist/app.js and dist/app.css, with what compress.Precompress
	// made of them. It is read once, by Handler.
	Files fs.FS
}

// asset is one file, ready to be served. Its hash is also the version under
// which it may be kept for ever.
type asset struct {
	*compress.File
	status int
}

// Handler serves GET and HEAD of /, /app.js, /app.css and /icon.svg, and 404 for
// anything else. If the bundle was not built, / says so with status 503. It
// keeps everything in memory and is safe for concurrent use.
func Handler(o Options) http.Handler {
	files := o.Files
	if files == nil {
		files = embedded
	}
	assets, err := load(files)
	if err != nil {
		assets = map[string]asset{"/": unbuilt(files, err)}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a, ok := assets[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		a.serve(w, r)
	})
}

func load(files fs.FS) (map[string]asset, error) {
	assets := map[string]asset{}
	var missing []error
	for path, f := range map[string]struct{ name, mime string }{
		"/app.js":   {"dist/app.js", "text/javascript; charset=utf-8"},
		"/app.css":  {"dist/app.css", "text/css; charset=utf-8"},
		"/icon.svg": {"src/icon.svg", "image/svg+xml"},
	} {
		file, err := compress.ReadFile(files, f.name, f.mime)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		assets[path] = asset{file, http.StatusOK}
	}
	index, err := fs.ReadFile(files, "src/index.html")
	if err := errors.Join(append(missing, err)...); err != nil {
		return nil, fmt.Errorf("web: load: %w", err)
	}
	// The page names its files by version, so that a browser may keep them for
	// ever and still never mixes two builds.
	for path, a := range assets {
		index = bytes.ReplaceAll(index, []byte(`"`+path+`"`), []byte(`"`+path+"?v="+a.Hash+`"`))
	}
	assets["/"] = asset{compress.NewFile(index, "text/html; charset=utf-8"), http.StatusOK}
	return assets, nil
}

func unbuilt(files fs.FS, why error) asset {
	body, err := fs.ReadFile(files, "src/unbuilt.html")
	if err != nil {
		body = []byte(why.Error())
	}
	return asset{compress.NewFile(body, "text/html; charset=utf-8"), http.StatusServiceUnavailable}
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	secure(h)
	if a.status != http.StatusOK {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(a.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(a.Bytes()) // a client that went away needs no error
		}
		return
	}
	if r.URL.Query().Get("v") == a.Hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	a.ServeHTTP(w, r)
}
