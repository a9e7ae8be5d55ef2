package admin

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"github.com/napalmsky/napalmsky/host/compress"
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
		file, err := compress.ReadFile(files, f.name, f.mime)
		if err != nil {
			index, status = "page/unbuilt.html", http.StatusServiceUnavailable
			continue
		}
		mux.HandleFunc(f.path, serveFile(file, http.StatusOK))
	}
	body, err := fs.ReadFile(files, index)
	if err != nil {
		body, status = []byte("The console page is missing from this build."), http.StatusServiceUnavailable
	}
	mux.HandleFunc("GET /admin/{$}", serveFile(compress.NewFile(body, "text/html; charset=utf-8"), status))
	return mux
}

func serveFile(f *compress.File, status int) http.HandlerFunc {
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
		if status == http.StatusOK {
			f.ServeHTTP(w, r)
			return
		}
		h.Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(f.Bytes()) // a browser that went away needs no error
		}
	}
}
