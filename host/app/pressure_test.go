package app_test

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/steward"
)

// TestShortMemoryShutsTheDoorForAWhile: who is in goes on, newcomers hear when
// to come back, and with room again they come in.
func TestShortMemoryShutsTheDoorForAWhile(t *testing.T) {
	var used atomic.Uint64
	used.Store(100)
	a := startApp(t, func(c *config.Config) { c.Steward.LookEvery = 5 * time.Millisecond }, func(o *app.Options) {
		o.Memory = func() steward.Memory { return steward.Memory{Used: used.Load(), Limit: 1000} }
	})
	ann, bob := joinAs(t, t.Context(), a.URL(), "ann", 99), joinAs(t, t.Context(), a.URL(), "bob", 99)

	used.Store(990)
	refused := knockUntil(t, a.URL(), http.StatusServiceUnavailable)
	if s, err := strconv.Atoi(refused.Header.Get("Retry-After")); err != nil || s < 1 || s > 60 {
		t.Errorf("a newcomer is told to come back in %q s", refused.Header.Get("Retry-After"))
	}
	talk(t, t.Context(), ann, bob)

	used.Store(100)
	knockUntil(t, a.URL(), http.StatusOK)
	joinAs(t, t.Context(), a.URL(), "eve", 99)
}

// knockUntil asks for readiness, and then for a socket, until the answer is this.
func knockUntil(t *testing.T, url string, status int) *http.Response {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		r, err := http.Get(url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode == status {
			return upgrade(t, url)
		}
	}
	t.Fatalf("never %d", status)
	return nil
}

func upgrade(t *testing.T, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
		r.Header.Set(k, v)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer
}
