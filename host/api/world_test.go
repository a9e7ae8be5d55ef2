package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/config"
)

// world is the routes over a memory, with a clock that stands still.
type world struct {
	*memory
	plainly
	t      *testing.T
	echo   *echo.Echo
	now    time.Time
	ids    int64
	tokens int
	logs   strings.Builder
	docs   *openAPI
	taken  bool // NewID repeats itself

	unready []string // why newcomers should not come
}

func newWorld(t *testing.T, change ...func(*config.Config)) *world {
	t.Helper()
	cfg := config.Default()
	cfg.Product.Attrs = map[string]config.Bounds{"height_cm": {Min: 120, Max: 230}}
	for _, f := range change {
		f(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	w := &world{memory: newMemory(), t: t, now: time.UnixMilli(1_760_000_000_000), docs: loadOpenAPI(t)}
	w.echo = New(Deps{
		People: w, Accounts: w, Meetings: w, Media: w, Lobby: w, Passwords: &w.plainly, Forget: w.forget,
		TooBig: errTooBig, NotImage: errNotImage, NoMedia: errNoMedia, Busy: errBusy,
		ICE: loginsFor,
		NewID: func() int64 {
			if !w.taken {
				w.ids++
			}
			return 1<<60 + w.ids // beyond what a JSON number holds exactly
		},
		NewToken: func() (string, string, error) {
			w.tokens++
			token := "token-" + strconv.Itoa(w.tokens)
			return token, hashForTest(token), nil
		},
		HashToken: hashForTest, Online: func() int { return 7 },
		Ready:   func(context.Context) []string { return w.unready },
		Metrics: http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(out, "napalmsky_people 7\n") }),
		Now:     func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(&w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, cfg)
	return w
}

func hashForTest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// with changes a request before it is sent.
type with func(*http.Request)

func header(name, value string) with { return func(r *http.Request) { r.Header.Set(name, value) } }
func bearerToken(token string) with  { return header("Authorization", "Bearer "+token) }
func cookieToken(token string) with {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: SessionCookie, Value: token}) }
}
func from(addr string) with { return func(r *http.Request) { r.RemoteAddr = addr } }

// answer is a response whose JSON was read, and found to be as documented.
type answer struct {
	*http.Response
	raw  []byte
	body map[string]any
}

// send makes a request of a stranger at 192.0.2.1; a body that begins with { is sent as JSON.
func (w *world) send(method, path, body string, more ...with) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "http://sky.example"+path, reader)
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range more {
		f(r)
	}
	rec := httptest.NewRecorder()
	w.echo.ServeHTTP(rec, r)
	a := answer{Response: rec.Result(), raw: rec.Body.Bytes()}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			w.t.Fatalf("%s %s: %v in %s", method, path, err, a.raw)
		}
	}
	w.docs.check(w.t, method, r.URL.Path, a)
	return a
}

// code and field of an error answer.
func (a answer) problem() (code, field string) {
	e, _ := a.body["error"].(map[string]any)
	code, _ = e["code"].(string)
	field, _ = e["field"].(string)
	return code, field
}

// refused fails the test unless the answer is this error.
func (w *world) refused(a answer, status int, code, field string) {
	w.t.Helper()
	gotCode, gotField := a.problem()
	if a.StatusCode != status || gotCode != code || gotField != field {
		w.t.Errorf("got %d %s %q (%s), want %d %s %q", a.StatusCode, gotCode, gotField, a.raw, status, code, field)
	}
}

// ok fails the test unless the answer has this status.
func (w *world) ok(a answer, status int) answer {
	w.t.Helper()
	if a.StatusCode != status {
		w.t.Fatalf("got %d %s, want %d", a.StatusCode, a.raw, status)
	}
	return a
}

const ada = `{"name":"Ada","gender":0,"seeking":[1,2],"age":36}`

// signUp makes a guest and answers their token.
func (w *world) signUp() string {
	w.t.Helper()
	return w.ok(w.send("POST", "/v1/guests", ada), http.StatusCreated).body["token"].(string)
}
