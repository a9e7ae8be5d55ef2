package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// built is a bundle as the build leaves it.
func built(script string) fstest.MapFS {
	return fstest.MapFS{
		"src/index.html": {Data: []byte(`<link href="/icon.svg"><link href="/app.css"><script src="/app.js"></script>`)},
		"src/icon.svg":   {Data: []byte("<svg/>")},
		"dist/app.js":    {Data: []byte(script)},
		"dist/app.css":   {Data: []byte("body{}")},
	}
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestServesThePage(t *testing.T) {
	h := Handler(Options{Files: built("let x")})
	for path, mime := range map[string]string{
		"/":         "text/html; charset=utf-8",
		"/app.js":   "text/javascript; charset=utf-8",
		"/app.css":  "text/css; charset=utf-8",
		"/icon.svg": "image/svg+xml",
	} {
		w := do(h, "GET", path)
		if w.Code != 200 || w.Header().Get("Content-Type") != mime || w.Body.Len() == 0 {
			t.Errorf("GET %s: %d %q, %d bytes", path, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		if head := do(h, "HEAD", path); head.Code != 200 || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d bytes", path, head.Code, head.Body.Len())
		}
	}
	if w := do(h, "GET", "/dist/app.js"); w.Code != 404 {
		t.Errorf("GET /dist/app.js: %d, want 404", w.Code)
	}
	if w := do(h, "POST", "/"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST /: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

var versioned = regexp.MustCompile(`/app\.js\?v=[0-9a-f]+`)

// A browser keeps files for ever, yet a new build reaches it with the next page.
func TestANewBuildIsSeenAtOnce(t *testing.T) {
	first := Handler(Options{Files: built("1")})
	second := Handler(Options{Files: built("2")})
	was := versioned.FindString(do(first, "GET", "/").Body.String())
	is := versioned.FindString(do(second, "GET", "/").Body.String())
	if was == "" || is == "" || was == is {
		t.Fatalf("the page names %q, then %q", was, is)
	}
	if c := do(first, "GET", was).Header().Get("Cache-Control"); !strings.Contains(c, "immutable") {
		t.Errorf("its own version: Cache-Control %q", c)
	}
	for _, target := range []string{"/", "/app.js", is} {
		if c := do(first, "GET", target).Header().Get("Cache-Control"); c != "no-cache" {
			t.Errorf("%s: Cache-Control %q, want no-cache", target, c)
		}
	}
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	h := Handler(Options{Files: built("1")})
	tag := do(h, "GET", "/app.js").Header().Get("ETag")
	hash := strings.Trim(tag, `"`)
	// Compressing middlewares weaken the tag, or mark it with their encoding.
	for _, sent := range []string{tag, "W/" + tag, `"other", ` + tag, `"` + hash + `-br"`, "*"} {
		if w := do(h, "GET", "/app.js", "If-None-Match", sent); w.Code != 304 || w.Body.Len() != 0 {
			t.Errorf("If-None-Match %s: %d", sent, w.Code)
		}
	}
	for _, sent := range []string{"", `"other"`, `"` + hash + `f"`} {
		if w := do(h, "GET", "/app.js", "If-None-Match", sent); w.Code != 200 {
			t.Errorf("If-None-Match %s: %d", sent, w.Code)
		}
	}
}

func TestNothingForeignMayRun(t *testing.T) {
	w := do(Handler(Options{Files: built("1")}), "GET", "/")
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy lacks %s", want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy is loose: %s", policy)
	}
	for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Permissions-Policy": "camera=(self), microphone=(self)", "Referrer-Policy": "same-origin"} {
		if got := w.Header().Get(header); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", header, got)
		}
	}
}

// The real page must live with that policy: nothing inline, nothing from elsewhere.
func TestTheRealPageObeysThePolicy(t *testing.T) {
	page, err := os.ReadFile("src/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"style=", "<style", "onclick", "http:", "https:", "//"} {
		if strings.Contains(string(page), bad) {
			t.Errorf("index.html contains %s", bad)
		}
	}
	for _, tag := range []string{`"/app.js"`, `"/app.css"`, `"/icon.svg"`} {
		if !strings.Contains(string(page), tag) {
			t.Errorf("index.html does not name %s, which is versioned", tag)
		}
	}
}

func TestSaysWhenThePageWasNotBuilt(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"src/index.html", "src/icon.svg", "src/unbuilt.html"} {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: body}
	}
	h := Handler(Options{Files: files})
	w := do(h, "GET", "/")
	if w.Code != 503 || !strings.Contains(w.Body.String(), "make build") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("GET /: %d %s %s", w.Code, w.Header().Get("Cache-Control"), w.Body)
	}
	if w := do(h, "GET", "/app.js"); w.Code != 404 {
		t.Errorf("GET /app.js: %d", w.Code)
	}
}

// What is compiled in serves, built or not.
func TestTheEmbeddedPageServes(t *testing.T) {
	if w := do(Handler(Options{}), "GET", "/"); w.Code != 200 && w.Code != 503 {
		t.Errorf("GET /: %d", w.Code)
	}
}
