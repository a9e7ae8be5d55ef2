package compress

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// decode is what a client does with a body.
func decode(t testing.TB, coding string, body []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch Coding(coding) {
	case Brotli:
		r = brotli.NewReader(r)
	case Gzip:
		r, err = gzip.NewReader(r)
	case Deflate:
		r, err = zlib.NewReader(r)
	}
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	return plain
}

// ask sends a request with header lines given in pairs.
func ask(h http.Handler, method string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// says answers body as JSON, with header lines in pairs.
func says(body string, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = io.WriteString(w, body)
	})
}

var long = `{"people":[` + strings.Repeat(`{"name":"Ada","bio":"likes long walks"},`, 40) + `{}]}`
