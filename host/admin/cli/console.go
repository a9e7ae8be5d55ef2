package cli

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/admin"
)

// console serves the server's page on a loopback port of its own, so that a
// browser can use what only a Unix socket offers.
func console(ctx context.Context, j *job) error {
	if _, err := j.client.Status(ctx); err != nil {
		return err
	}
	port, err := consolePort(j.flags.port, j.Get("NAPALMSKY_CONSOLE_PORT"))
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	p := newProxy(j.client, ln.Addr().String(), func(url string) {
		fmt.Fprintf(j.Stdout, "  %s\n", url)
	})
	fmt.Fprintf(j.Stdout, "The console of %s, until Ctrl-C. This address opens one window, then the next one is printed:\n", j.client.where)
	p.invite()
	server := &http.Server{
		Handler: p, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case <-ctx.Done():
		err = nil
	case err = <-ended:
		return err
	}
	_ = server.Close()
	<-ended
	return err
}

// consolePort is where the console listens: the flag's port, else the
// variable's, else any free one.
func consolePort(flag, variable string) (string, error) {
	port, from := flag, "--port"
	if port == "" {
		port, from = variable, "NAPALMSKY_CONSOLE_PORT"
	}
	if port == "" {
		return "0", nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", usageError{from + " must be a port, 1 to 65535"}
	}
	return port, nil
}

// proxy lets one person's browser through to a Client. The address it prints
// carries a code in its fragment, which no server and no Referer ever sees; the
// page's script exchanges it, once, for the session that every request to the
// API must show in a header.
//
// The Host must be a loopback address or localhost, of whatever port: a tunnel
// (ssh -L) has one of its own at the browser's end. That is enough against a
// name that an attacker points at this machine, since the browser then sends
// that name, and neither a literal address nor localhost can be pointed
// elsewhere. A page of another port of this machine is another origin all the
// same: it cannot read an answer, cannot know the session, and what it sends is
// refused by its Origin.
type proxy struct {
	addr    string // where it listens
	session string
	print   func(url string)
	own     *http.CrossOriginProtection
	forward http.Handler

	mu   sync.Mutex
	code string
}

func newProxy(c *Client, addr string, print func(string)) *proxy {
	return &proxy{
		addr: addr, session: rand.Text(), code: rand.Text(), print: print, own: http.NewCrossOriginProtection(),
		forward: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(c.base)
				r.Out.Host = c.base.Host
				for name := range r.Out.Header { // checked here; beyond, the request is ours
					if name == "Authorization" || name == "Cookie" || name == "Origin" || name == "Referer" || strings.HasPrefix(name, "Sec-") {
						r.Out.Header.Del(name)
					}
				}
			},
			Transport: c.http.Transport,
			ErrorLog:  log.New(io.Discard, "", 0),
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				deny(w, http.StatusBadGateway, "unreachable", c.explain(err).Error())
			},
		},
	}
}

// invite prints the address that works now.
func (p *proxy) invite() {
	p.mu.Lock()
	code := p.code
	p.mu.Unlock()
	p.print("http://" + p.addr + "/admin/#code=" + code)
}

// spend reports whether code is the one that works, which it then no longer is.
func (p *proxy) spend(code string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !equal(code, p.code) {
		return false
	}
	p.code = rand.Text()
	return true
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !admin.LoopbackHost(r.Host):
		deny(w, http.StatusForbidden, "foreign_host", "The Host header names another machine.")
	case p.own.Check(r) != nil:
		deny(w, http.StatusForbidden, "foreign_origin", "The request comes from another site.")
	case r.URL.Path == "/admin/session":
		p.exchange(w, r)
	case strings.HasPrefix(r.URL.Path, "/admin/v1/") && !equal(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), p.session):
		deny(w, http.StatusUnauthorized, "no_login", "Open the address that napalmsky plugin console printed last.")
	default:
		p.forward.ServeHTTP(w, r)
	}
}

// exchange gives the session for the code, and makes the code worthless.
func (p *proxy) exchange(w http.ResponseWriter, r *http.Request) {
	var body struct{ Code string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&body)
	if r.Method != http.MethodPost || err != nil {
		deny(w, http.StatusBadRequest, "bad_request", "Post the code as JSON.")
		return
	}
	if !p.spend(body.Code) {
		deny(w, http.StatusForbidden, "used_code", "This address was used already: take the one that napalmsky plugin console printed last.")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": p.session})
	p.invite()
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func deny(w http.ResponseWriter, status int, code, message string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
}
