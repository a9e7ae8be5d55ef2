package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/lobby"
)

func TestIntakeGivesBackWhatItRead(t *testing.T) {
	for _, size := range []int{0, 1, intakePiece - 1, intakePiece, intakePiece + 1, maxPhoto} {
		k := newIntake(maxHeld)
		want := bytes.Repeat([]byte("photo"), size/5+1)[:size]
		for _, body := range []io.Reader{bytes.NewReader(want), iotest.HalfReader(bytes.NewReader(want)), iotest.DataErrReader(bytes.NewReader(want))} {
			k.enter(1)
			r, err := k.read(1, body)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d of %d bytes, %v", len(got), size, err)
			}
			k.leave(1)
		}
		if k.free != maxHeld || len(k.held) != 0 {
			t.Fatalf("%d bytes free, held %v", k.free, k.held)
		}
	}
}

// However bodies come and go, no more than the room is held, and all of it
// comes back.
func TestIntakeHoldsNoMoreThanItsRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.IntRange(0, 8*intakePiece).Draw(t, "room")
		k, in := newIntake(room), map[lobby.PersonID]int{} // bytes each was sent
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			who := lobby.PersonID(rapid.IntRange(1, 6).Draw(t, "who"))
			if _, there := in[who]; k.enter(who) == there {
				t.Fatalf("%d in: %v, and may enter: %v", who, there, !there)
			} else if there {
				k.leave(who)
				delete(in, who)
				continue
			}
			size := rapid.IntRange(0, 3*intakePiece).Draw(t, "size")
			_, err := k.read(who, bytes.NewReader(make([]byte, size)))
			if in[who] = size; err != nil {
				if k.leave(who); !errors.Is(err, errFull) {
					t.Fatal(err)
				}
				delete(in, who)
			}
			sum := 0
			for _, n := range in {
				sum += n
			}
			if sum > room {
				t.Fatalf("%d bytes are held, there is room for %d", sum, room)
			}
		}
		for who := range in {
			k.leave(who)
		}
		if k.free != room || len(k.held) != 0 {
			t.Fatalf("%d of %d bytes came back, held %v", k.free, room, k.held)
		}
	})
}

// Whoever cannot be held is told so, and others' room is left alone.
func TestAFullIntakeRefuses(t *testing.T) {
	k := newIntake(3 * intakePiece)
	k.enter(1)
	if _, err := k.read(1, bytes.NewReader(make([]byte, intakePiece))); err != nil {
		t.Fatal(err)
	}
	k.enter(2)
	if _, err := k.read(2, bytes.NewReader(make([]byte, 2*intakePiece))); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	k.leave(2)
	k.enter(3)
	if _, err := k.read(3, strings.NewReader("small")); err != nil {
		t.Fatal(err)
	}
}

// beginUpload sends the head of an upload of 100 bytes, and returns once the
// server reads its body.
func beginUpload(t *testing.T, conn net.Conn, token string) *bufio.Reader {
	t.Helper()
	fmt.Fprintf(conn, "PUT /v1/me/photo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", token)
	r := bufio.NewReader(conn)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if line, err := r.ReadString('\n'); err != nil || line != want {
			t.Fatalf("got %q, %v", line, err)
		}
	}
	return r
}

func endUpload(t *testing.T, r *bufio.Reader) (status int, body string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// Uploads that never get on keep nobody else from theirs; only a second one of
// the same person has to wait.
func TestSlowUploadsBlockNobody(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Limits.UploadsAtOnce = 1 })
	honest := bearerToken(w.signUp())
	var tokens []string
	for range 4 {
		tokens = append(tokens, w.signUp())
		w.now = w.now.Add(time.Minute)
	}
	server := httptest.NewServer(w.echo)
	defer server.Close()
	var answers []*bufio.Reader
	var conns []net.Conn
	for _, token := range tokens {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns, answers = append(conns, conn), append(answers, beginUpload(t, conn, token))
	}
	w.ok(w.send("PUT", "/v1/me/photo", "image", honest), 200)
	a := w.send("PUT", "/v1/me/photo", "image", bearerToken(tokens[0]))
	w.refused(a, 429, "rate_limited", "")
	if a.Header.Get("Retry-After") != "15" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	// Slow is not lost: they are taken when they are whole.
	for i, conn := range conns {
		fmt.Fprintf(conn, "image%95d", i)
		if status, body := endUpload(t, answers[i]); status != 200 {
			t.Errorf("upload %d: %d %s", i, status, body)
		}
	}
	w.ok(w.send("PUT", "/v1/me/photo", "image", bearerToken(tokens[0])), 200)
}

// pipes is a listener without a network: its clock is the test's.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestAnUploadHasAnEnd(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	synctest.Test(t, func(t *testing.T) {
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		server := &http.Server{Handler: w.echo}
		done := make(chan error)
		go func() { done <- server.Serve(listener) }()
		dial := func() net.Conn {
			ours, theirs := net.Pipe()
			listener.conns <- theirs
			return ours
		}

		// A body that is not there after bodyPatience is not waited for.
		slow, start := dial(), time.Now()
		r := beginUpload(t, slow, token)
		fmt.Fprint(slow, "image")
		if status, body := endUpload(t, r); status != 400 || !strings.Contains(body, "body_unreadable") || time.Since(start) != bodyPatience {
			t.Errorf("after %v: %d %s", time.Since(start), status, body)
		}
		slow.Close()

		// But what is there in time may take longer to be worked on.
		w.before = func(op string) {
			if op == "put" {
				time.Sleep(bodyPatience + time.Second)
			}
		}
		conn := dial()
		r = beginUpload(t, conn, token)
		fmt.Fprintf(conn, "image%95d", 1)
		if status, body := endUpload(t, r); status != 200 {
			t.Errorf("got %d %s", status, body)
		}
		conn.Close()
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
