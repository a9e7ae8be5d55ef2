package compress

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// built makes a folder with one file, as the build leaves it.
func built(t *testing.T, body string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"app.js": body, "tiny.js": "1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Precompress(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, dir, name string) *File {
	t.Helper()
	f, err := ReadFile(os.DirFS(dir), name, "text/javascript; charset=utf-8")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAFileInEveryCoding(t *testing.T) {
	dir := built(t, long)
	f := read(t, dir, "app.js")
	sizes := map[string]int{}
	for accept, want := range map[string]string{"gzip, deflate, br": "br", "gzip": "gzip", "br;q=0, gzip;q=0.1": "gzip", "deflate": "", "identity": "", "gzip;q=0": ""} {
		w := ask(f, "GET", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want || string(decode(t, got, w.Body.Bytes())) != long {
			t.Errorf("%s: coded as %q", accept, got)
		}
		if w.Header().Get("Vary") != "Accept-Encoding" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
			t.Errorf("%s: %v", accept, w.Header())
		}
		head := ask(f, "HEAD", "Accept-Encoding", accept)
		if head.Body.Len() != 0 || head.Header().Get("Content-Encoding") != want || head.Header().Get("Content-Length") != w.Header().Get("Content-Length") || head.Header().Get("ETag") != w.Header().Get("ETag") {
			t.Errorf("%s: HEAD differs: %v", accept, head.Header())
		}
		sizes[want] = w.Body.Len()
	}
	if sizes["br"] >= sizes["gzip"] || sizes["gzip"] >= sizes[""] {
		t.Error("no smaller:", sizes)
	}
	if w := ask(Handler(f), "GET", "Accept-Encoding", "deflate"); w.Header().Get("Content-Encoding") != "deflate" || string(decode(t, "deflate", w.Body.Bytes())) != long {
		t.Error("through Handler, what was not made beforehand is made now")
	}
	if w := ask(Handler(f), "GET", "Accept-Encoding", "br"); w.Body.Len() != sizes["br"] || len(w.Header().Values("Vary")) != 1 {
		t.Errorf("through Handler: %d bytes, %v", w.Body.Len(), w.Header())
	}
}

func TestAFileThatTheClientHas(t *testing.T) {
	f := read(t, built(t, long), "app.js")
	for _, h := range []struct {
		name string
		ask  func(header ...string) (int, string)
	}{
		{"alone", func(header ...string) (int, string) {
			w := ask(f, "GET", header...)
			return w.Code, w.Header().Get("ETag")
		}},
		{"within Handler", func(header ...string) (int, string) {
			w := ask(Handler(f), "GET", header...)
			return w.Code, w.Header().Get("ETag")
		}},
	} {
		for _, first := range []string{"br", "gzip", "deflate", "identity"} {
			_, tag := h.ask("Accept-Encoding", first)
			for _, second := range []string{"br", "gzip", "identity"} {
				if code, again := h.ask("Accept-Encoding", second, "If-None-Match", tag); code != 304 || again != tag {
					t.Errorf("%s, %s then %s: %d, %s became %s", h.name, first, second, code, tag, again)
				}
			}
		}
		if code, _ := h.ask("If-None-Match", `"0123456789abcdef-br"`); code != 200 {
			t.Errorf("%s: another file's tag: %d", h.name, code)
		}
	}
}

// A range is of the plain bytes; a client that holds coded ones starts afresh.
func TestRangesOfAFile(t *testing.T) {
	f := Handler(read(t, built(t, long), "app.js"))
	coded := ask(f, "GET", "Accept-Encoding", "br").Header().Get("ETag")
	own := ask(f, "GET").Header().Get("ETag")
	for name, c := range map[string]struct {
		header []string
		code   int
		body   string
	}{
		"a range":           {nil, 206, long[3:10]},
		"of what I have":    {[]string{"If-Range", own}, 206, long[3:10]},
		"of what was coded": {[]string{"If-Range", coded}, 200, long},
		"of something else": {[]string{"If-Range", `"x"`}, 200, long},
	} {
		w := ask(f, "GET", append([]string{"Accept-Encoding", "br", "Range", "bytes=3-9"}, c.header...)...)
		if w.Code != c.code || w.Body.String() != c.body || w.Header().Get("Content-Encoding") != "" || w.Header().Get("Vary") == "" {
			t.Errorf("%s: %d, %d bytes, %v", name, w.Code, w.Body.Len(), w.Header())
		}
	}
}

// A variant of an earlier build is neither served nor left behind.
func TestARebuiltFile(t *testing.T) {
	dir := built(t, long)
	if err := os.WriteFile(filepath.Join(dir, "app.js"), []byte(long+"!"), 0o644); err != nil {
		t.Fatal(err)
	}
	if w := ask(read(t, dir, "app.js"), "GET", "Accept-Encoding", "br"); w.Header().Get("Content-Encoding") != "" || w.Body.String() != long+"!" {
		t.Error("an old variant was served")
	}
	for range 2 {
		if err := Precompress(dir); err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 4 { // two of app.js, itself, and tiny.js, which gains nothing
			t.Fatal(files, err)
		}
	}
	if w := ask(read(t, dir, "app.js"), "GET", "Accept-Encoding", "br"); string(decode(t, "br", w.Body.Bytes())) != long+"!" {
		t.Error("the new variant is wrong")
	}
	if w := ask(read(t, dir, "tiny.js"), "GET", "Accept-Encoding", "br"); w.Header().Get("Content-Encoding") != "" {
		t.Error("one byte was coded")
	}
	if err := Precompress(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there was precompressed")
	}
}
