package api

import (
	"fmt"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"pgregory.net/rapid"
)

func TestSignUpsPerAddress(t *testing.T) {
	w := newWorld(t, func(c *config.Config) {
		c.Limits.SignupsPerMinute, c.Limits.SignupsBurst = 10, 3
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	for range 3 {
		w.signUp()
	}
	a := w.send("POST", "/v1/guests", ada)
	w.refused(a, 429, "rate_limited", "")
	if a.Header.Get("Retry-After") != "6" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	// Lying about one's address does not help; another address does.
	w.refused(w.send("POST", "/v1/guests", ada, header("X-Forwarded-For", "198.51.100.9")), 429, "rate_limited", "")
	w.ok(w.send("POST", "/v1/guests", ada, from("192.0.2.2:1")), 201)
	w.ok(w.send("POST", "/v1/guests", ada, from("10.0.0.1:1"), header("X-Forwarded-For", "198.51.100.9")), 201)
	w.refused(w.send("POST", "/v1/guests", ada, from("10.0.0.1:1"), header("X-Forwarded-For", "192.0.2.1")), 429, "rate_limited", "")
	w.now = w.now.Add(6 * time.Second)
	w.signUp()
	w.refused(w.send("POST", "/v1/guests", ada), 429, "rate_limited", "")
}

func TestOnlyThisMachineItselfIsFree(t *testing.T) {
	few := func(c *config.Config) { c.Limits.SignupsPerMinute, c.Limits.SignupsBurst = 1, 1 }
	w := newWorld(t, few)
	for range 50 {
		w.ok(w.send("POST", "/v1/guests", ada, from("127.0.0.1:1")), 201)
		w.ok(w.send("POST", "/v1/guests", ada, from("[::1]:1")), 201)
	}
	// A proxy on this machine, which nobody said to trust, passes strangers on.
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"} {
		w := newWorld(t, few)
		w.ok(w.send("POST", "/v1/guests", ada, from("127.0.0.1:1"), header(name, "x")), 201)
		w.refused(w.send("POST", "/v1/guests", ada, from("127.0.0.1:1"), header(name, "x")), 429, "rate_limited", "")
	}
	w = newWorld(t, few, func(c *config.Config) { c.Limits.LoopbackFree = false })
	w.ok(w.send("POST", "/v1/guests", ada, from("127.0.0.1:1")), 201)
	w.refused(w.send("POST", "/v1/guests", ada, from("127.0.0.1:1")), 429, "rate_limited", "")
}

func TestRequestsPerAddressAreCountedBeforeTheStoreIsAsked(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Limits.RequestsPerMinute, c.Limits.RequestsBurst = 60, 5 })
	asked := 0
	w.before = func(string) { asked++ }
	for range 20 {
		w.send("GET", "/v1/me", "", bearerToken("guess"))
	}
	if asked != 5 {
		t.Errorf("the store was asked %d times", asked)
	}
	w.ok(w.send("GET", "/healthz", ""), 200)
	w.ok(w.send("GET", "/v1/options", ""), 200)
}

func TestWritesAndUploadsPerPerson(t *testing.T) {
	w := newWorld(t, func(c *config.Config) {
		c.Limits.WritesPerMinute, c.Limits.WritesBurst, c.Limits.UploadsPerMinute, c.Limits.UploadsBurst = 1, 2, 1, 1
	})
	ann, bob := bearerToken(w.signUp()), bearerToken(w.signUp())
	put := func(who with, version int, addr string) answer {
		return w.send("PUT", "/v1/me/profile", fmt.Sprintf(`{"version":%d,"profile":%s}`, version, ada), who, from(addr))
	}
	w.ok(put(ann, 1, "192.0.2.1:1"), 200)
	w.ok(put(ann, 2, "192.0.2.2:1"), 200)
	w.refused(put(ann, 3, "192.0.2.3:1"), 429, "rate_limited", "") // a new address does not help
	w.ok(put(bob, 1, "192.0.2.1:1"), 200)
	w.ok(w.send("PUT", "/v1/me/photo", "image", ann), 200)
	w.refused(w.send("PUT", "/v1/me/photo", "image", ann), 429, "rate_limited", "")
	w.refused(w.send("DELETE", "/v1/me/photo", "", ann), 429, "rate_limited", "")
	w.now = w.now.Add(time.Minute)
	w.ok(w.send("DELETE", "/v1/me/photo", "", ann), 200)
}

func TestALimiterForgets(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter[string](60, 2)
	for i := range 10 {
		l.take(strconv.Itoa(i), now)
	}
	now = now.Add(3 * time.Second) // all are full again
	for i := range 10 {
		l.take("later"+strconv.Itoa(i), now)
	}
	if n := len(l.byKey); n != 10 || l.recent.Len() != n {
		t.Errorf("%d keys, %d in the list", n, l.recent.Len())
	}
	for i := range maxTracked + 100 {
		l.take("flood"+strconv.Itoa(i), now)
	}
	if n := len(l.byKey); n > maxTracked || l.recent.Len() != n {
		t.Errorf("%d keys, %d in the list", n, l.recent.Len())
	}
}

// However takes come, a key never gets more than its burst and what has
// accrued since, and forgetting others never gives it more.
func TestALimiterNeverGivesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perMinute, burst := rapid.IntRange(1, 600).Draw(t, "perMinute"), rapid.IntRange(1, 20).Draw(t, "burst")
		l := newLimiter[int](perMinute, burst)
		now := time.Unix(1_000_000, 0)
		start, got := now, map[int]int{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			key := rapid.IntRange(0, 5).Draw(t, "key")
			if l.take(key, now) == 0 {
				got[key]++
			}
			most := float64(burst) + now.Sub(start).Minutes()*float64(perMinute) + 1e-6
			if float64(got[key]) > most {
				t.Fatalf("key %d got %d, at most %v", key, got[key], most)
			}
		}
	})
}
