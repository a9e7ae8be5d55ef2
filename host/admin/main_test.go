package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/admin/admintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "a-token-of-tests"

// house is a server in this process, reached through both doors.
type house struct {
	registry     *admintest.Registry
	socket, addr string
	unix, tcp    *http.Client
	stop         func() // stops the server and waits; may be called twice
}

func quiet(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError + 1}))
}

// start serves until the test ends.
func start(t *testing.T, change func(*Options)) *house {
	t.Helper()
	r := admintest.New()
	h := &house{registry: r, socket: filepath.Join(t.TempDir(), SocketName)}
	o := Options{Socket: h.socket, Listen: "127.0.0.1:0", Token: token, Registry: r, People: &admintest.People{}, Health: healthy, Log: quiet(t)}
	if change != nil {
		change(&o)
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr() != nil {
		h.addr = s.Addr().String()
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx); close(done) }()
	var d net.Dialer
	viaSocket := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", h.socket) }}
	viaTCP := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "tcp", h.addr) }}
	h.unix, h.tcp = &http.Client{Transport: viaSocket}, &http.Client{Transport: viaTCP}
	h.stop = func() {
		cancel()
		viaSocket.CloseIdleConnections()
		viaTCP.CloseIdleConnections()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	}
	t.Cleanup(h.stop)
	return h
}

func healthy(context.Context) Health {
	return Health{Ready: true, Readings: []Reading{{Name: "People", Value: 7, Unit: "people"}}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() string {
	var e errorBody
	_ = json.Unmarshal(a.body, &e) // no JSON has no code
	return e.Error.Code
}

func (a answer) message() string {
	var e errorBody
	_ = json.Unmarshal(a.body, &e)
	return e.Error.Message
}

func into[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// ask sends a request through the socket; header is name, value, …; Host sets the Host.
func (h *house) ask(t *testing.T, method, path string, body []byte, header ...string) answer {
	t.Helper()
	return send(t, h.unix, method, path, bytes.NewReader(body), header...)
}

func (h *house) askTCP(t *testing.T, method, path string, body []byte, header ...string) answer {
	t.Helper()
	return send(t, h.tcp, method, path, bytes.NewReader(body), header...)
}

func send(t *testing.T, c *http.Client, method, path string, body io.Reader, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		} else {
			req.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	documented(t, method, strings.SplitN(path, "?", 2)[0], resp.StatusCode, data)
	return answer{resp.StatusCode, resp.Header, data}
}
