package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// mostAnswer bounds what is read of an answer, in bytes.
const mostAnswer = 32 << 20

// Client speaks to a server's admin API. Safe for concurrent use.
type Client struct {
	base  *url.URL
	http  *http.Client
	where string // the socket or URL, for people
}

// Refused is a server's answer that is no success: one sentence for people.
type Refused struct{ Code, Message string }

func (r *Refused) Error() string { return r.Message }

// Local reaches the server of this machine that uses a data folder.
func Local(data string) *Client {
	path := filepath.Join(data, admin.SocketName)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{
		base: &url.URL{Scheme: "http", Host: "localhost"}, where: path,
		http: &http.Client{Transport: &http.Transport{DialContext: dial}, CheckRedirect: stay},
	}
}

// Remote reaches a server by its admin.listen, with its admin.token.
func Remote(base, token string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("--admin %q must be http://host:port or https://host:port", base)
	}
	if token == "" {
		return nil, errors.New("--admin needs the server's admin.token in NAPALMSKY_ADMIN_TOKEN")
	}
	u = &url.URL{Scheme: u.Scheme, Host: u.Host}
	return &Client{
		base: u, where: u.String(),
		http: &http.Client{Transport: bearer{&http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}, token}, CheckRedirect: stay},
	}, nil
}

// stay: the API redirects nobody, and a token must not travel.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// bearer shows a token with every request.
type bearer struct {
	*http.Transport
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.Transport.RoundTrip(r)
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func (c *Client) Status(ctx context.Context) (s registry.Status, err error) {
	return s, c.do(ctx, "GET", "status", nil, nil, &s)
}

func (c *Client) History(ctx context.Context, before int64, limit int) (p admin.Page, err error) {
	return p, c.do(ctx, "GET", fmt.Sprintf("history?before=%d&limit=%d", before, limit), nil, nil, &p)
}

// Load puts a module in service. signature may be empty.
func (c *Client) Load(ctx context.Context, module, signature []byte) (l admin.Loaded, err error) {
	return l, c.load(ctx, "plugins", module, signature, &l)
}

// LoadAgain is Load even though the module is in quarantine.
func (c *Client) LoadAgain(ctx context.Context, module, signature []byte) (l admin.Loaded, err error) {
	return l, c.load(ctx, "plugins?again=1", module, signature, &l)
}

func (c *Client) load(ctx context.Context, path string, module, signature []byte, into *admin.Loaded) error {
	h := http.Header{"Content-Type": {"application/wasm"}}
	if len(signature) > 0 {
		h.Set("X-Signature", base64.StdEncoding.EncodeToString(signature))
	}
	return c.do(ctx, "POST", path, h, module, into)
}

func (c *Client) Inspect(ctx context.Context, module []byte) (v registry.Version, err error) {
	return v, c.do(ctx, "POST", "plugins/inspect", http.Header{"Content-Type": {"application/wasm"}}, module, &v)
}

func (c *Client) Set(ctx context.Context, plugin string, params map[string]int64) (g registry.Generation, err error) {
	body, err := json.Marshal(params)
	if err != nil {
		return g, err
	}
	return g, c.do(ctx, "PUT", "plugins/"+url.PathEscape(plugin)+"/params", http.Header{"Content-Type": {"application/json"}}, body, &g)
}

// Hook does rollback, pause or resume to a hook.
func (c *Client) Hook(ctx context.Context, action string, hook string) (g registry.Generation, err error) {
	return g, c.do(ctx, "POST", "hooks/"+url.PathEscape(hook)+"/"+action, nil, nil, &g)
}

func (c *Client) do(ctx context.Context, method, path string, h http.Header, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+"/admin/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, values := range h {
		req.Header[name] = values
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.explain(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return c.explain(err)
	}
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(data, into); err != nil {
			return fmt.Errorf("%s gave an answer that cannot be read: %w", c.where, err)
		}
		return nil
	}
	var refusal struct {
		Error struct{ Code, Message string } `json:"error"`
	}
	if json.Unmarshal(data, &refusal) != nil || refusal.Error.Message == "" {
		return fmt.Errorf("%s is no Napalm Sky admin API (it answered %s)", c.where, strconv.Itoa(resp.StatusCode))
	}
	return &Refused{refusal.Error.Code, refusal.Error.Message}
}

// explain says what to do about a server that cannot be reached.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist), c.base.Host == "localhost" && errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no server answers at %s: start one, or name its data folder with --data", c.where)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: only the user who runs the server, and root, may use it", c.where)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s does not answer: %w", c.where, err)
}
