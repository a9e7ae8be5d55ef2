package api

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestAddressBelievesOnlyTrustedProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	table := []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.1:5000", nil, "203.0.113.1"},
		{"a stranger lies", "203.0.113.1:5000", []string{"127.0.0.1"}, "203.0.113.1"},
		{"one proxy", "10.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7"},
		{"a client lies to the proxy", "10.0.0.1:1", []string{"127.0.0.1, 203.0.113.7"}, "203.0.113.7"},
		{"a client claims to be a proxy", "10.0.0.1:1", []string{"198.51.100.1, 10.0.0.9, 203.0.113.7"}, "203.0.113.7"},
		{"two proxies", "10.0.0.1:1", []string{"203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"two headers", "10.0.0.1:1", []string{"198.51.100.1", "203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no header", "10.0.0.1:1", nil, "10.0.0.1"},
		{"empty header", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"rubbish", "10.0.0.1:1", []string{"203.0.113.7, unknown"}, "10.0.0.1"},
		{"rubbish behind a proxy", "10.0.0.1:1", []string{"203.0.113.7, <x>, 10.0.0.2"}, "10.0.0.2"},
		{"with a port", "10.0.0.1:1", []string{"203.0.113.7:99"}, "203.0.113.7"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 with a port", "[fd00::1]:1", []string{"[2001:db8::7]:99"}, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		{"a long chain", "10.0.0.1:1", []string{"203.0.113.7," + strings.Repeat("10.0.0.2,", 100) + "10.0.0.3"}, "10.0.0.2"},
		{"no address at all", "@", nil, "invalid IP"},
	}
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
			if got := Address(r, trusted).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAnIPv6HouseholdIsOneAddress(t *testing.T) {
	key := func(s string) addressKey { return keyOf(netip.MustParseAddr(s)) }
	if key("2001:db8::1") != key("2001:db8::ffff:2") || key("2001:db8::1") == key("2001:db8:0:1::1") {
		t.Error("an IPv6 address must count as its /64")
	}
	if key("192.0.2.1") == key("192.0.2.2") {
		t.Error("two IPv4 addresses are two")
	}
	if keyOf(netip.Addr{}) != (addressKey{}) {
		t.Error("an unknown address must have a key, too")
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 10.0.0.2")
	f.Add("[::1]:1", "[::1")
	f.Add("10.0.0.1", ",,,")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := Address(r, trusted)
		if direct := parseHop(peer); !isTrusted(direct, trusted) && got != direct {
			t.Errorf("%q was believed", forwarded)
		}
	})
}
