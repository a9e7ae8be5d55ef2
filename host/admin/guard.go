package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// peerKey is where a Unix connection's context keeps its peer.
type peerKey struct{}

// withPeer notes who is at the other end of a Unix connection, once for the connection.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	if u, ok := c.(*net.UnixConn); ok {
		if uid, known := peer(u); known {
			return context.WithValue(ctx, peerKey{}, uid)
		}
	}
	return ctx
}

// whoByPeer guards the Unix socket. The file's mode keeps others out; the
// kernel's word for who connected is checked besides, and is what the audit log
// gets. Where a system tells no peer, the mode alone stands.
func whoByPeer(own *http.CrossOriginProtection) guard {
	self := os.Geteuid()
	return func(r *http.Request) (string, error) {
		if own.Check(r) != nil {
			return "", refuse("foreign_origin", "")
		}
		uid, known := r.Context().Value(peerKey{}).(int)
		switch {
		case !known && tellsPeer:
			return "", refuse("foreign_user", "")
		case !known:
			return "unix", nil
		case uid != self && uid != 0:
			return "", refuse("foreign_user", "")
		}
		return "unix:" + strconv.Itoa(uid), nil
	}
}

// whoByToken guards TCP: the Host must be ours before anything else counts, so
// that a name an attacker points at this machine opens nothing; then the token;
// then, for what changes something, the origin.
func whoByToken(own *http.CrossOriginProtection, host, token string) guard {
	want := sha256.Sum256([]byte(token))
	return func(r *http.Request) (string, error) {
		if !ourHost(r, host) {
			return "", refuse("foreign_host", "")
		}
		scheme, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(sent)) // equal lengths, so that time tells nothing of the token's
		if !strings.EqualFold(scheme, "Bearer") || token == "" || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return "", refuse("no_login", "")
		}
		if own.Check(r) != nil {
			return "", refuse("foreign_origin", "")
		}
		return "token", nil
	}
}

// ourHost: the configured host, a loopback name, or (listening everywhere) the
// very address the connection came to. Ports do not matter: a tunnel changes them.
func ourHost(r *http.Request, configured string) bool {
	name := hostname(r.Host)
	if loopbackName(name) || name != "" && strings.EqualFold(name, configured) {
		return true
	}
	everywhere, err := netip.ParseAddr(configured)
	if configured != "" && (err != nil || !everywhere.IsUnspecified()) {
		return false
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return false
	}
	asked, err := netip.ParseAddr(name)
	here, fine := netip.AddrFromSlice(local.IP)
	return err == nil && fine && asked.Unmap() == here.Unmap()
}

// hostname is a Host header without its port and brackets.
func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
}

// LoopbackHost says whether a Host header names this very machine as only its own
// programs, and who tunnels to it, can: localhost or a loopback address, with any
// port or none.
func LoopbackHost(host string) bool { return loopbackName(hostname(host)) }

func loopbackName(name string) bool {
	addr, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && addr.IsLoopback()
}
