package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// desk is a running `plugin console`.
type desk struct {
	t    *testing.T
	out  *lines
	stop func() int
}

func (h *house) console(flags ...string) *desk {
	h.t.Helper()
	d := &desk{t: h.t, out: newLines()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- Main(ctx, append([]string{"console"}, flags...), Env{Get: func(k string) string { return h.env[k] }, Stdout: d.out, Stderr: d.out})
		close(done)
	}()
	d.stop = func() int { cancel(); return <-done }
	h.t.Cleanup(func() { d.stop() })
	return d
}

// address waits for the next printed one and takes it apart.
func (d *desk) address() (base, code string) {
	d.t.Helper()
	for {
		select {
		case line := <-d.out.got:
			if base, code, found := strings.Cut(strings.TrimSpace(line), "/admin/#code="); found {
				return base, code
			}
		case <-d.t.Context().Done():
			d.t.Fatal("no address was printed")
		}
	}
}

func request(t *testing.T, method, url, body string, header ...string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		} else {
			req.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, data
}

func (d *desk) exchange(base, code string) (int, string) {
	d.t.Helper()
	status, body := request(d.t, "POST", base+"/admin/session", `{"code":"`+code+`"}`)
	var answer struct{ Token string }
	_ = json.Unmarshal(body, &answer) // a refusal has no token
	return status, answer.Token
}

func TestAConsoleAddressWorksOnce(t *testing.T) {
	h := start(t)
	d := h.console()
	base, code := d.address()
	if status, _ := d.exchange(base, strings.ToLower(code)+"x"); status != 403 {
		t.Errorf("a wrong code: %d", status)
	}
	status, session := d.exchange(base, code)
	if status != 200 || session == "" {
		t.Fatalf("the code: %d", status)
	}
	if status, again := d.exchange(base, code); status != 403 || again != "" {
		t.Errorf("the code again: %d", status)
	}
	if status, body := request(t, "GET", base+"/admin/v1/status", "", "Authorization", "Bearer "+session); status != 200 || !bytes.Contains(body, []byte("match-mutual")) {
		t.Errorf("status: %d %s", status, body)
	}
	_, next := d.address()
	if status, _ := d.exchange(base, next); next == code || status != 200 {
		t.Errorf("the next address: %d", status)
	}
	if code := d.stop(); code != 0 {
		t.Errorf("Ctrl-C: exit %d", code)
	}
}

func TestTheConsoleLetsOnlyItsOwnPageIn(t *testing.T) {
	h := start(t)
	d := h.console()
	base, code := d.address()
	_, session := d.exchange(base, code)
	right := "Bearer " + session
	_, port, _ := strings.Cut(strings.TrimPrefix(base, "http://"), ":")
	table := []struct {
		name, method, path string
		header             []string
		status             int
	}{
		{"the page", "GET", "/admin/", nil, 200},
		{"no session", "GET", "/admin/v1/status", nil, 401},
		{"another session", "GET", "/admin/v1/status", []string{"Authorization", "Bearer x"}, 401},
		{"session in the query", "GET", "/admin/v1/status?token=" + session, nil, 401},
		{"rebound name", "GET", "/admin/v1/status", []string{"Authorization", right, "Host", "evil.example"}, 403},
		{"rebound name for the page", "GET", "/admin/", []string{"Host", "evil.example"}, 403},
		{"rebound name that begins like ours", "GET", "/admin/", []string{"Host", "127.0.0.1.evil.example"}, 403},
		{"rebound name of our port", "GET", "/admin/", []string{"Host", "localhost.evil.example:" + port}, 403},
		{"address of another machine", "GET", "/admin/", []string{"Host", "10.1.2.3:" + port}, 403},
		{"a tunnel's end", "GET", "/admin/v1/status", []string{"Authorization", right, "Host", "localhost:1"}, 200},
		{"a tunnel's end by address", "GET", "/admin/v1/status", []string{"Authorization", right, "Host", "127.0.0.1:9"}, 200},
		{"a tunnel's end over IPv6", "GET", "/admin/", []string{"Host", "[::1]:9000"}, 200},
		{"a change through a tunnel", "POST", "/admin/v1/hooks/match/pause", []string{"Authorization", right, "Host", "localhost:9", "Origin", "http://localhost:9", "Sec-Fetch-Site", "same-origin"}, 200},
		{"a page of another port of this machine", "POST", "/admin/v1/hooks/match/pause", []string{"Authorization", right, "Host", "localhost:9", "Origin", "http://localhost:10", "Sec-Fetch-Site", "same-site"}, 403},
		{"such a page wants the session", "POST", "/admin/session", []string{"Host", "localhost:9", "Origin", "http://localhost:10"}, 403},
		{"foreign origin", "POST", "/admin/v1/hooks/match/pause", []string{"Authorization", right, "Origin", "http://evil.example"}, 403},
		{"foreign origin for the session", "POST", "/admin/session", []string{"Origin", "http://evil.example"}, 403},
		{"own origin", "POST", "/admin/v1/hooks/match/pause", []string{"Authorization", right, "Origin", base, "Sec-Fetch-Site", "same-origin"}, 200},
		{"session by GET", "GET", "/admin/session", nil, 400},
	}
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			if status, body := request(t, c.method, base+c.path, "", c.header...); status != c.status {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// TestTheConsolesPort: who forwards a port must know it beforehand.
func TestTheConsolesPort(t *testing.T) {
	h := start(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
	if code, _, errs := h.run("console", "--port", taken); code != 1 || !strings.Contains(errs, taken) {
		t.Errorf("a port in use: exit %d, %s", code, errs)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ flags, variable string }{{"--port=" + taken, ""}, {"", taken}} {
		h.env["NAPALMSKY_CONSOLE_PORT"] = c.variable
		d := h.console(strings.Fields(c.flags)...)
		if base, _ := d.address(); base != "http://127.0.0.1:"+taken {
			t.Errorf("%+v: it is at %s", c, base)
		}
		d.stop()
	}
	for _, wrong := range []string{"0", "-1", "65536", "x", "1:2"} {
		if code, _, errs := h.run("console", "--port="+wrong); code != 2 || !strings.Contains(errs, "1 to 65535") {
			t.Errorf("%s: exit %d, %s", wrong, code, errs)
		}
	}
}
