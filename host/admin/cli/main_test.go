package cli

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/admin/admintest"
	"github.com/napalmsky/napalmsky/host/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "a-token-of-tests"

// house is a server in this process and the folder its operators stand in.
type house struct {
	t        *testing.T
	registry *admintest.Registry
	people   *admintest.People
	data     string
	addr     string
	env      map[string]string
}

func start(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, registry: admintest.New(), people: &admintest.People{}, data: t.TempDir()}
	h.env = map[string]string{"NAPALMSKY_DATA": h.data}
	s, err := admin.Open(admin.Options{
		Socket: filepath.Join(h.data, admin.SocketName), Listen: "127.0.0.1:0", Token: token, Registry: h.registry,
		People: h.people, Health: healthy,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.addr = s.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h
}

// run types one command.
func (h *house) run(args ...string) (code int, stdout, stderr string) {
	h.t.Helper()
	return h.typed(Main, args...)
}

func (h *house) typed(main func(context.Context, []string, Env) int, args ...string) (code int, stdout, stderr string) {
	h.t.Helper()
	var out, errs bytes.Buffer
	code = main(h.t.Context(), args, Env{Get: func(k string) string { return h.env[k] }, Stdout: &out, Stderr: &errs})
	return code, out.String(), errs.String()
}

// rulings are what operators decided about people, newest first.
func (h *house) rulings() []store.Ruling {
	h.t.Helper()
	r, err := h.people.Rulings(h.t.Context(), 0, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// file writes a file beside the data folder and names it.
func (h *house) file(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.data, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// lines is a writer whose lines can be waited for.
type lines struct {
	io.Writer
	got chan string
	mu  sync.Mutex
	rem []byte
}

func newLines() *lines { return &lines{got: make(chan string, 100)} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rem = append(l.rem, p...)
	for {
		i := bytes.IndexByte(l.rem, '\n')
		if i < 0 {
			return len(p), nil
		}
		l.got <- string(l.rem[:i])
		l.rem = l.rem[i+1:]
	}
}

func healthy(context.Context) admin.Health {
	return admin.Health{Ready: true, Since: time.Now().Add(-time.Hour), Version: "v1.4", Readings: []admin.Reading{
		{Name: "People", Value: 7, Unit: "people"},
		{Name: "Sockets", Value: 1204, Of: 20000},
		{Name: "Memory", Value: 71 << 20, Unit: "bytes"},
		{Name: "Database", Value: 0.31, Unit: "seconds", Bad: true},
	}}
}
