package bot

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Meter counts what passed the clients' sockets, in bytes of TCP payload
// (under TLS: encrypted), and WebSocket messages. "In" is towards the client.
type Meter struct {
	HTTPIn, HTTPOut atomic.Int64
	WSIn, WSOut     atomic.Int64
	MsgIn, MsgOut   atomic.Int64
}

// Client reaches one server for any number of people and counts their bytes.
// Safe for concurrent use. Change fields before the first use only.
type Client struct {
	Meter Meter
	// Now is the clock of everything measured; the default is time.Now.
	Now func() time.Time

	wire wire.Encoding
	base *url.URL
	http *http.Client
	ws   *http.Client
}

// Options of a Client. The zero value suits a plain http:// target.
type Options struct {
	// TLS replaces the default settings, for a server with a certificate of its own.
	TLS *tls.Config
	// Dial replaces the TCP dialer; tests put a pipe here.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	Now  func() time.Time
	// Wire is how the server is asked to write; the default is JSON.
	Wire wire.Encoding
}

// NewClient prepares to reach target, for instance http://127.0.0.1:8080.
func NewClient(target string, o Options) (*Client, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("bot: target: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("bot: target %q: want http://host:port or https://host:port", target)
	}
	u.Path, u.RawQuery, u.Fragment = strings.TrimSuffix(u.Path, "/"), "", ""
	c := &Client{Now: o.Now, wire: o.Wire, base: u}
	if c.Now == nil {
		c.Now = time.Now
	}
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	// Two transports, so that a socket never runs over a connection whose bytes
	// were counted as HTTP. HTTP/2 stays off: its framing would blur the count.
	c.http = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DialContext: counted(dial, &c.Meter.HTTPIn, &c.Meter.HTTPOut), TLSClientConfig: o.TLS,
		MaxIdleConnsPerHost: 16, IdleConnTimeout: 20 * time.Second,
	}}
	c.ws = &http.Client{Transport: &http.Transport{
		DialContext: counted(dial, &c.Meter.WSIn, &c.Meter.WSOut), TLSClientConfig: o.TLS,
		DisableKeepAlives: true, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
	}}
	return c, nil
}

// Close lets go of idle connections. People of the client close their own sockets.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.ws.CloseIdleConnections()
}

func (c *Client) url(path string) string { return c.base.String() + path }

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

func counted(dial dialer, in, out *atomic.Int64) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &countedConn{Conn: c, in: in, out: out}, nil
	}
}

type countedConn struct {
	net.Conn
	in, out *atomic.Int64
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.Add(int64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.out.Add(int64(n))
	return n, err
}

// HTTPError is an answer other than the expected one.
type HTTPError struct {
	Op      string
	Status  int
	Code    string
	Field   string
	Message string
	// RetryAfter is what the server asked for, zero if it did not.
	RetryAfter time.Duration
}

func (e *HTTPError) Error() string {
	return fmt.Sprintf("bot: %s: HTTP %d %s %s %s", e.Op, e.Status, e.Code, e.Field, e.Message)
}

// Busy says whether the server asked to try again later, and when.
func Busy(err error) (time.Duration, bool) {
	var he *HTTPError
	if !errors.As(err, &he) || (he.Status != http.StatusTooManyRequests && he.Status != http.StatusServiceUnavailable) {
		return 0, false
	}
	return max(he.RetryAfter, time.Second), true
}
