package admin

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestThePageObeysAStrictPolicy(t *testing.T) {
	h := newPage(fstest.MapFS{
		"page/index.html": {Data: []byte("<p>")}, "dist/app.js": {Data: []byte("js")}, "dist/app.css": {Data: []byte("css")},
	})
	for path, mime := range map[string]string{"/admin/": "text/html", "/admin/app.js": "text/javascript", "/admin/app.css": "text/css"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), mime) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
				t.Errorf("%s: policy %q", path, policy)
			}
		}
		again := httptest.NewRequest("GET", path, nil)
		again.Header.Set("If-None-Match", w.Header().Get("ETag"))
		second := httptest.NewRecorder()
		if h.ServeHTTP(second, again); second.Code != 304 {
			t.Errorf("%s unchanged: %d", path, second.Code)
		}
	}
	index, err := os.ReadFile("page/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"style=", "<style", "onclick", "http:", "https:", "//"} {
		if strings.Contains(string(index), bad) {
			t.Errorf("index.html contains %s", bad)
		}
	}
}

func TestSaysWhenThePageWasNotBuilt(t *testing.T) {
	h := newPage(fstest.MapFS{"page/index.html": {Data: []byte("<p>")}, "page/unbuilt.html": {Data: []byte("run make build")}})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/admin/", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
