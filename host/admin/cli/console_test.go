package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// desk is a running `plugin console`.
type desk struct {
	t    *testing.T
	out  *lines
	stop func() int
}

func (h *house) console() *desk {
	h.t.Helper()
	d := &desk{t: h.t, out: newLines()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{"console"}, Env{Get: func(k string) string { return h.env[k] }, Stdout: d.out, Stderr: d.out})
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
		{"another port of this machine", "GET", "/admin/v1/status", []string{"Authorization", right, "Host", "localhost:1"}, 403},
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
