package ice

import (
	"encoding/json"
	"testing"
	"time"
)

// The vector was made with another implementation:
// printf '%s' '1760000000:42' | openssl dgst -sha1 -hmac 'north star' -binary | base64
func TestTurnLoginMatchesTheConvention(t *testing.T) {
	c := ICE{
		STUN: []string{"stun:stun.example:3478"}, URLs: []string{"turn:turn.example:3478?transport=udp"},
		Secret: "north star", TTL: time.Hour,
	}
	g := c.Grant(42, time.Unix(1760000000-3600, 999_999_999))
	if g.Until != 1760000000_000 {
		t.Errorf("the login ends at %d, the username says otherwise", g.Until)
	}
	got, err := json.Marshal(g.Servers)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"urls":["stun:stun.example:3478"]},` +
		`{"urls":["turn:turn.example:3478?transport=udp"],"username":"1760000000:42","credential":"AUyWR+KhHfz+9AcNvuRes9PjxKU="}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLoginsAreOnePersonsAndExpire(t *testing.T) {
	c := ICE{URLs: []string{"turn:t.example"}, Secret: "s", TTL: time.Minute}
	now := time.Unix(1_000_000, 0)
	a, b, later := c.Grant(1, now).Servers[0], c.Grant(2, now).Servers[0], c.Grant(1, now.Add(time.Second)).Servers[0]
	if a.Credential == b.Credential || a.Username == b.Username {
		t.Error("two people share a TURN login")
	}
	if a.Username == later.Username {
		t.Error("the expiry does not move with the clock")
	}
	if a.Username != "1000060:1" {
		t.Errorf("username %q", a.Username)
	}
}

func TestNothingConfiguredGivesAnEmptyList(t *testing.T) {
	g := ICE{}.Grant(1, time.Unix(1, 0))
	got, _ := json.Marshal(g.Servers)
	if string(got) != "[]" {
		t.Errorf("got %s, a browser needs []", got)
	}
}

func TestStunAloneNeverExpires(t *testing.T) {
	if g := (ICE{STUN: []string{"stun:s"}}).Grant(1, time.Unix(1, 0)); g.Until != 0 || len(g.Servers) != 1 || g.Servers[0].Credential != "" {
		t.Errorf("got %+v", g)
	}
}
