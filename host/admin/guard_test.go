package admin

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWhoMayComeInByTCP(t *testing.T) {
	h := start(t, nil)
	const right = "Bearer " + token
	table := []struct {
		name   string
		header []string
		method string
		status int
		code   string
	}{
		{"no token", nil, "GET", 401, "no_login"},
		{"empty token", []string{"Authorization", "Bearer "}, "GET", 401, "no_login"},
		{"wrong token", []string{"Authorization", "Bearer a-token-of-testz"}, "GET", 401, "no_login"},
		{"longer token", []string{"Authorization", right + "x"}, "GET", 401, "no_login"},
		{"other scheme", []string{"Authorization", "Basic " + token}, "GET", 401, "no_login"},
		{"token as cookie", []string{"Cookie", "token=" + token}, "GET", 401, "no_login"},
		{"token", []string{"Authorization", right}, "GET", 200, ""},
		{"scheme in small letters", []string{"Authorization", "bearer " + token}, "GET", 200, ""},
		{"rebound name", []string{"Authorization", right, "Host", "evil.example"}, "GET", 403, "foreign_host"},
		{"name that begins like ours", []string{"Authorization", right, "Host", "127.0.0.1.evil.example"}, "GET", 403, "foreign_host"},
		{"address of another machine", []string{"Authorization", right, "Host", "10.1.2.3:9000"}, "GET", 403, "foreign_host"},
		{"loopback name through a tunnel", []string{"Authorization", right, "Host", "localhost:9999"}, "GET", 200, ""},
		{"loopback of IPv6", []string{"Authorization", right, "Host", "[::1]:9999"}, "GET", 200, ""},
		{"foreign origin", []string{"Authorization", right, "Origin", "https://evil.example"}, "POST", 403, "foreign_origin"},
		{"foreign site", []string{"Authorization", right, "Sec-Fetch-Site", "cross-site"}, "POST", 403, "foreign_origin"},
		{"opaque origin", []string{"Authorization", right, "Origin", "null"}, "POST", 403, "foreign_origin"},
		{"own origin", []string{"Authorization", right, "Host", "localhost:9000", "Origin", "http://localhost:9000"}, "POST", 200, ""},
		{"no browser", []string{"Authorization", right}, "POST", 200, ""},
	}
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			path := "/admin/v1/status"
			if c.method == "POST" {
				path = "/admin/v1/hooks/match/pause"
			}
			if a := h.askTCP(t, c.method, path, nil, c.header...); a.status != c.status || a.code() != c.code {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	t.Run("every route asks", func(t *testing.T) {
		h.registry.Called = func(op string) { t.Errorf("a stranger reached %s", op) }
		for _, r := range routes {
			if a := h.askTCP(t, r.method, r.example(), []byte("m 1 match")); a.status != 401 {
				t.Errorf("%s %s: %d", r.method, r.path, a.status)
			}
		}
	})
}

func TestTheAuditLogKnowsTheTokensUser(t *testing.T) {
	h := start(t, nil)
	into[map[string]any](t, h.askTCP(t, "POST", "/admin/v1/hooks/match/pause", nil, "Authorization", "Bearer "+token))
	if p := into[Page](t, h.ask(t, "GET", "/admin/v1/history?limit=1", nil)); p.Changes[0].Who != "token" {
		t.Errorf("it says %+v", p.Changes[0])
	}
}

func TestWhichHostIsOurs(t *testing.T) {
	table := []struct {
		configured, local, host string
		ours                    bool
	}{
		{"admin.example", "10.0.0.5", "admin.example:9000", true},
		{"admin.example", "10.0.0.5", "ADMIN.example", true},
		{"admin.example", "10.0.0.5", "10.0.0.5:9000", false},
		{"10.0.0.5", "10.0.0.5", "10.0.0.5:9000", true},
		{"0.0.0.0", "10.0.0.5", "10.0.0.5:9000", true},
		{"", "10.0.0.5", "10.0.0.5", true},
		{"::", "fd00::5", "[fd00::5]:9000", true},
		{"", "10.0.0.5", "10.0.0.6", false},
		{"", "10.0.0.5", "evil.example", false},
		{"", "10.0.0.5", "", false},
		{"::1", "::1", "[::1]:9000", true},
	}
	for _, c := range table {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(c.local)}))
		if got := ourHost(r, c.configured); got != c.ours {
			t.Errorf("listening on %q at %s, called %q: %v", c.configured, c.local, c.host, got)
		}
	}
}

// The socket's file keeps others out; if it did not, the kernel's word would.
func TestAnotherUserOfTheSocketIsRefused(t *testing.T) {
	who := whoByPeer(http.NewCrossOriginProtection())
	for uid, ok := range map[int]bool{0: true, 4242: false} {
		r := httptest.NewRequest("GET", "/", nil)
		r = r.WithContext(context.WithValue(r.Context(), peerKey{}, uid))
		if _, err := who(r); (err == nil) != ok {
			t.Errorf("user %d: %v", uid, err)
		}
	}
	if _, err := who(httptest.NewRequest("GET", "/", nil)); tellsPeer && err == nil {
		t.Error("a peer the kernel says nothing of came in")
	}
}

func TestNoTokenNoTCP(t *testing.T) {
	s, err := Open(Options{Socket: t.TempDir() + "/s", Listen: "127.0.0.1:0", Log: quiet(t)})
	if err == nil {
		s.Close()
		t.Error("it listens to anybody")
	}
}
