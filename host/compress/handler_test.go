package compress

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatIsCoded(t *testing.T) {
	h := Handler(says(long, "ETag", `"abc"`, "Accept-Ranges", "bytes", "Content-Length", strconv.Itoa(len(long))))
	for accept, want := range map[string]string{"br": "br", "gzip": "gzip", "deflate": "deflate", "identity": "", "gzip;q=0": ""} {
		w := ask(h, "GET", "Accept-Encoding", accept)
		header := w.Header()
		if header.Get("Content-Encoding") != want || string(decode(t, want, w.Body.Bytes())) != long {
			t.Errorf("%s: coded as %q, %d bytes", accept, header.Get("Content-Encoding"), w.Body.Len())
		}
		if header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: Vary %q", accept, header.Get("Vary"))
		}
		tag, ranges := `W/"abc-`+want+`"`, ""
		if want == "" {
			tag, ranges = `"abc"`, "bytes"
		}
		if header.Get("ETag") != tag || header.Get("Accept-Ranges") != ranges {
			t.Errorf("%s: ETag %s, Accept-Ranges %q", accept, header.Get("ETag"), header.Get("Accept-Ranges"))
		}
		if n := header.Get("Content-Length"); n != strconv.Itoa(w.Body.Len()) {
			t.Errorf("%s: Content-Length %s of %d", accept, n, w.Body.Len())
		}
	}
}

func TestWhatIsLeftAlone(t *testing.T) {
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			if code != 204 && code != 304 {
				_, _ = io.WriteString(w, long)
			}
		})
	}
	noise := long
	for name, c := range map[string]struct {
		h      http.Handler
		method string
		header []string
		vary   bool
	}{
		"a small body":      {says(long[:MinBytes-1]), "GET", nil, true},
		"no content":        {status(204), "GET", nil, false},
		"not modified":      {status(304), "GET", nil, true},
		"an error":          {status(500), "GET", nil, false},
		"a part":            {status(206), "GET", nil, true},
		"HEAD":              {says(long), "HEAD", nil, true},
		"a range":           {says(long), "GET", []string{"Range", "bytes=0-9"}, true},
		"a picture":         {says(noise, "Content-Type", "image/jpeg"), "GET", nil, false},
		"events":            {says(long, "Content-Type", "text/event-stream"), "GET", nil, false},
		"coded already":     {says(long, "Content-Encoding", "zstd"), "GET", nil, true},
		"no-transform":      {says(long, "Cache-Control", "no-store, no-transform"), "GET", nil, true},
		"a POST's answer":   {says(long), "POST", nil, false},
		"a PUT's answer":    {says(long), "PUT", nil, false},
		"for another site":  {says(long), "GET", []string{"Sec-Fetch-Site", "cross-site"}, true},
		"for a sister site": {says(long), "GET", []string{"Sec-Fetch-Site", "same-site"}, true},
		"an upgrade":        {says(long), "GET", []string{"Upgrade", "websocket"}, false},
	} {
		plain := ask(c.h, c.method, c.header...)
		w := ask(Handler(c.h), c.method, append([]string{"Accept-Encoding", "br, gzip, deflate"}, c.header...)...)
		if w.Header().Get("Content-Encoding") != plain.Header().Get("Content-Encoding") || w.Code != plain.Code || w.Body.String() != plain.Body.String() {
			t.Errorf("%s: %d, coded as %q, %d bytes of %d", name, w.Code, w.Header().Get("Content-Encoding"), w.Body.Len(), plain.Body.Len())
		}
		if got := w.Header().Get("Vary") != ""; got != c.vary {
			t.Errorf("%s: Vary %q", name, w.Header().Get("Vary"))
		}
	}
	if w := ask(Handler(says(long)), "GET", "Accept-Encoding", "gzip", "Sec-Fetch-Site", "same-origin"); w.Header().Get("Content-Encoding") != "gzip" {
		t.Error("our own page gets it plain")
	}
	if w := ask(Handler(says(`{"a":1}`)), "GET", "Accept-Encoding", "identity;q=0, gzip"); w.Header().Get("Content-Encoding") != "gzip" {
		t.Error("a client that refuses identity got it")
	}
}

// TestRoundTrips: any body, written in any pieces and flushed anywhere, arrives.
func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var pieces [][]byte
		var want []byte
		for range rapid.IntRange(0, 6).Draw(rt, "pieces") {
			unit := rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(rt, "unit")
			var p []byte
			for range rapid.SampledFrom([]int{1, 3, 200, 3000}).Draw(rt, "times") {
				p = append(p, unit...)
			}
			pieces, want = append(pieces, p), append(want, p...)
		}
		flushAt := rapid.IntRange(-1, len(pieces)).Draw(rt, "flush")
		h := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			for i, p := range pieces {
				if i == flushAt {
					if err := http.NewResponseController(w).Flush(); err != nil {
						rt.Fatal(err)
					}
				}
				if n, err := w.Write(p); n != len(p) || err != nil {
					rt.Fatal(n, err)
				}
			}
		}))
		for _, accept := range []string{"br", "gzip", "deflate", "br, gzip", "identity"} {
			w := ask(h, "GET", "Accept-Encoding", accept)
			if got := decode(t, w.Header().Get("Content-Encoding"), w.Body.Bytes()); string(got) != string(want) {
				rt.Fatalf("%s, as %q: %d bytes of %d", accept, w.Header().Get("Content-Encoding"), len(got), len(want))
			}
		}
	})
}

// TestFlushReachesTheClient: what was flushed can be read before the rest is written.
func TestFlushReachesTheClient(t *testing.T) {
	read := make(chan struct{})
	s := httptest.NewServer(Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-read
		_, _ = io.WriteString(w, "second\n")
	})))
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{}} // asks for gzip, and decodes it
	defer client.CloseIdleConnections()
	answer, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if !answer.Uncompressed {
		t.Error("it came plain")
	}
	lines := bufio.NewReader(answer.Body)
	first, err := lines.ReadString('\n')
	close(read)
	if first != "first\n" || err != nil {
		t.Fatal(first, err)
	}
	if rest, err := io.ReadAll(lines); string(rest) != "second\n" || err != nil {
		t.Fatal(string(rest), err)
	}
}

// TestUnchangedInEveryCoding: a tag that went out with one coding is known
// again whatever is asked for now, and comes back as it was.
func TestUnchangedInEveryCoding(t *testing.T) {
	h := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"abc"`)
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(strings.Join(r.Header.Values("If-None-Match"), ","), `"abc"`) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, long)
	}))
	for _, first := range []string{"br", "gzip", "deflate", "identity"} {
		tag := ask(h, "GET", "Accept-Encoding", first).Header().Get("ETag")
		for _, second := range []string{"br", "gzip", "deflate", "identity"} {
			w := ask(h, "GET", "Accept-Encoding", second, "If-None-Match", `"other"`, "If-None-Match", tag)
			if w.Code != 304 || w.Header().Get("ETag") != tag || w.Header().Get("Vary") != "Accept-Encoding" || w.Header().Get("Content-Encoding") != "" {
				t.Errorf("%s, then %s: %d %v", first, second, w.Code, w.Header())
			}
		}
	}
	if w := ask(h, "GET", "Accept-Encoding", "br", "If-None-Match", `"abd-br"`); w.Code != 200 {
		t.Error("another tag counts as the same")
	}
}

// TestAPanicCutsTheBodyShort: what a handler did not finish must not look whole,
// and its encoder serves the next.
func TestAPanicCutsTheBodyShort(t *testing.T) {
	fail := true
	h := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, long)
		_ = http.NewResponseController(w).Flush()
		if fail {
			panic(http.ErrAbortHandler)
		}
	}))
	for range 3 * maxStreams {
		w := httptest.NewRecorder()
		func() {
			defer func() { _ = recover() }()
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept-Encoding", "gzip")
			h.ServeHTTP(w, r)
			t.Fatal("the panic was swallowed")
		}()
	}
	fail = false
	if w := ask(h, "GET", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" || string(decode(t, "gzip", w.Body.Bytes())) != long {
		t.Error("the encoders are gone")
	}
}

// TestSlowReadersHoldFewEncoders: past maxStreams an answer goes out plain.
func TestSlowReadersHoldFewEncoders(t *testing.T) {
	hold, held := make(chan struct{}), make(chan struct{})
	h := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_ = http.NewResponseController(w).Flush()
		held <- struct{}{}
		<-hold
	}))
	answers := make([]*httptest.ResponseRecorder, maxStreams+1)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = ask(h, "GET", "Accept-Encoding", "gzip") })
		<-held
	}
	close(hold)
	all.Wait()
	coded := 0
	for _, w := range answers {
		if w.Header().Get("Content-Encoding") == "gzip" {
			coded++
		}
	}
	if coded != maxStreams {
		t.Errorf("%d streams were coded at once, %d may be", coded, maxStreams)
	}
}

// TestManyAtOnce: encoders that are handed around never mix bodies.
func TestManyAtOnce(t *testing.T) {
	h := Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, strings.Repeat(r.Header.Get("Who")+" ", 300))
	}))
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			who := strconv.Itoa(i)
			w := ask(h, "GET", "Who", who, "Accept-Encoding", []string{"br", "gzip", "deflate"}[i%3])
			if got := decode(t, w.Header().Get("Content-Encoding"), w.Body.Bytes()); string(got) != strings.Repeat(who+" ", 300) {
				t.Errorf("%s got another's body", who)
			}
		})
	}
	all.Wait()
}

// A deadline that a handler sets must reach the socket through the wrapping.
func TestDeadlinesReachTheSocket(t *testing.T) {
	done := make(chan error, 1)
	s := httptest.NewServer(Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done <- http.NewResponseController(w).SetReadDeadline(time.Now().Add(time.Minute))
	})))
	defer s.Close()
	answer, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
