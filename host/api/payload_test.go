package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/compress"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// bar is what an answer may weigh, in bytes: the server this one replaces sent 4,500.
const bar = 3_300

// TestPayloadsOnTheWire prints what people's routes weigh in each coding and
// holds them to the bar, with a history page as full as it is by default.
func TestPayloadsOnTheWire(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"Ada", "Grace", "Bob", "Mallory", "Zoë", "Jörg", "Ольга", "Wei"}
	for i := range usualPage {
		other, name := lobby.PersonID(random.Int64()), names[i%len(names)]
		photo := sha256.Sum256([]byte{byte(i)})
		began := 1_760_000_000_000 - random.Int64N(86_400_000)
		ended := began + 60_000 + random.Int64N(240_000)
		w.meetings = append(w.meetings, store.Meeting{
			Call: lobby.CallID(random.Int64()), Other: other, OtherName: name, OtherPhoto: hex.EncodeToString(photo[:]), Caller: i%2 == 0,
			Seconds: 300, StartedAt: began, EndedAt: ended, Reason: "hangup", CooldownUntil: ended + 86_400_000,
		})
		w.cooldowns = append(w.cooldowns, store.Cooldown{Other: other, OtherName: name, Until: ended + 86_400_000, Reason: "call"})
	}
	h := compress.Handler(w.echo)
	ask := func(method, path, body, coding string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Accept-Encoding", coding)
		r.Header.Set("Content-Type", "application/json")
		if path != "/v1/guests" {
			bearerToken(token)(r)
		}
		a := httptest.NewRecorder()
		h.ServeHTTP(a, r)
		if a.Code/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, path, a.Code, a.Body)
		}
		return a
	}
	t.Logf("%-16s %8s %8s %8s %8s", "bytes of", "plain", "deflate", "gzip", "br")
	for _, path := range []string{"/v1/me/history", "/v1/me", "/v1/options"} {
		line := fmt.Sprintf("%-16s", path)
		for _, coding := range []string{"identity", "deflate", "gzip", "br"} {
			a := ask("GET", path, "", coding)
			line += fmt.Sprintf(" %8d", a.Body.Len())
			if coding != "identity" && a.Body.Len() > bar {
				t.Errorf("%s in %s: %d bytes, %d are allowed", path, coding, a.Body.Len(), bar)
			}
		}
		t.Log(line)
	}
	// What holds a token, or says back what was sent, is never coded (BREACH).
	guest, err := json.Marshal(map[string]any{
		"name": "Eve", "bio": strings.Repeat("token", 110), "gender": 0, "seeking": []int{0}, "age": 30, "age_min": 18, "age_max": 99,
		"tags": []string{}, "langs": []string{}, "socials": []any{}, "attrs": map[string]int{}, "photo": "",
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(http.MethodPost, "/v1/guests", string(guest), "br, gzip"); a.Header().Get("Content-Encoding") != "" || a.Body.Len() < compress.MinBytes {
		t.Errorf("a new guest's answer of %d bytes, with its token, is coded as %q", a.Body.Len(), a.Header().Get("Content-Encoding"))
	}
}
