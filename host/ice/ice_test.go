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
	got, err := json.Marshal(c.Servers(42, time.Unix(1760000000-3600, 0)))
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
	a, b, later := c.Servers(1, now)[0], c.Servers(2, now)[0], c.Servers(1, now.Add(time.Second))[0]
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
	got, _ := json.Marshal(ICE{}.Servers(1, time.Unix(1, 0)))
	if string(got) != "[]" {
		t.Errorf("got %s, a browser needs []", got)
	}
}
