package admin

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed page/index.html page/unbuilt.html all:dist
var embedded embed.FS

// pagePolicy allows this origin's own script, style and API, nothing inline and
// no markup made from strings.
var pagePolicy = strings.Join([]string{
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
	"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	"require-trusted-types-for 'script'", "trusted-types 'none'",
}, "; ")

// newPage serves /admin/ and its two files from memory. If the bundle was not
// built, the page says so with status 503.
func newPage(files fs.FS) http.Handler {
	mux := http.NewServeMux()
	index, status := "page/index.html", http.StatusOK
	for _, f := range []struct{ path, name, mime string }{
		{"GET /admin/app.js", "dist/app.js", "text/javascript; charset=utf-8"},
		{"GET /admin/app.css", "dist/app.css", "text/css; charset=utf-8"},
	} {
		body, err := fs.ReadFile(files, f.name)
		if err != nil {
			index, status = "page/unbuilt.html", http.StatusServiceUnavailable
			continue
		}
		mux.HandleFunc(f.path, serveFile(body, f.mime, http.StatusOK))
	}
	body, err := fs.ReadFile(files, index)
	if err != nil {
		body, status = []byte("The console page is missing from this build."), http.StatusServiceUnavailable
	}
	mux.HandleFunc("GET /admin/{$}", serveFile(body, "text/html; charset=utf-8", status))
	return mux
}

func serveFile(body []byte, mime string, status int) http.HandlerFunc {
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cache-Control", "no-cache")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Type", mime)
		if status == http.StatusOK {
			h.Set("ETag", etag)
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // a browser that went away needs no error
		}
	}
}
