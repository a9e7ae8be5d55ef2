package api

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds how much of an X-Forwarded-For is read, from the right.
const maxHops = 32

// Address is whose request this is, for limits: the socket's peer or, if that
// is a trusted proxy, the rightmost address in X-Forwarded-For that no trusted
// proxy has. What stands left of it anyone can have written. If every hop is
// trusted it is the leftmost. The zero Addr means unknown.
func Address(r *http.Request, trusted []netip.Prefix) netip.Addr {
	addr := parseHop(r.RemoteAddr)
	if !isTrusted(addr, trusted) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i, hop := range slices.Backward(hops) {
		next := parseHop(strings.TrimSpace(hop))
		if !next.IsValid() || len(hops)-i > maxHops {
			return addr // the last one that could be read
		}
		if addr = next; !isTrusted(addr, trusted) {
			return addr
		}
	}
	return addr
}

// Secure says whether the person reached us over TLS: our own, or a trusted
// proxy's that says so.
func Secure(r *http.Request, trusted []netip.Prefix) bool {
	return r.TLS != nil || isTrusted(parseHop(r.RemoteAddr), trusted) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// isLocal says that a program on this very machine made the request itself:
// nothing in it says that somebody passed it on.
func isLocal(r *http.Request) bool {
	for _, h := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via"} {
		if _, there := r.Header[h]; there {
			return false
		}
	}
	return parseHop(r.RemoteAddr).IsLoopback()
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parseHop reads an address with or without a port; v4-in-v6 becomes v4.
func parseHop(s string) netip.Addr {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// addressKey is what a limit per address counts by. One household has a whole
// IPv6 /64, and so does one attacker.
type addressKey netip.Prefix

func keyOf(a netip.Addr) addressKey {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return addressKey{}
	}
	return addressKey(p)
}
