package api

import (
	"net/netip"
	"testing"

	"github.com/napalmsky/napalmsky/host/config"
)

func TestReadinessSaysWhyNot(t *testing.T) {
	w := newWorld(t)
	w.ok(w.send("GET", "/readyz", ""), 200)
	w.unready = []string{"the database does not answer"}
	a := w.ok(w.send("GET", "/readyz", ""), 503)
	if reasons := a.body["reasons"].([]any); len(reasons) != 1 || reasons[0] != w.unready[0] {
		t.Errorf("the reasons are %v", reasons)
	}
	w.ok(w.send("GET", "/healthz", ""), 200) // restarting the process would not help
}

func TestMetricsAreForThisMachineAndWhoeverIsAllowed(t *testing.T) {
	proxy := netip.MustParsePrefix("198.51.100.1/32")
	w := newWorld(t, func(c *config.Config) {
		c.TrustedProxies = []netip.Prefix{proxy}
		c.MetricsFrom = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
	})
	for _, c := range []struct {
		what   string
		from   string
		for4   string // X-Forwarded-For
		status int
	}{
		{"this machine", "127.0.0.1:5000", "", 200},
		{"this machine, on behalf of another", "127.0.0.1:5000", "203.0.113.9", 404},
		{"the scraper", "10.9.3.3:5000", "", 200},
		{"the scraper behind the proxy", "198.51.100.1:5000", "10.9.3.3", 200},
		{"a stranger", "203.0.113.9:5000", "", 404},
		{"a stranger who says so", "203.0.113.9:5000", "10.9.3.3", 404},
		{"a stranger behind the proxy", "198.51.100.1:5000", "203.0.113.9", 404},
	} {
		more := []with{from(c.from)}
		if c.for4 != "" {
			more = append(more, header("X-Forwarded-For", c.for4))
		}
		if a := w.send("GET", "/metrics", "", more...); a.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", c.what, a.StatusCode, c.status)
		}
	}
}
