package api

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

func TestHistoryTellsCallsAndCooldowns(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	w.meetings = []store.Meeting{
		{Call: 1 << 61, Other: 1 << 62, OtherName: "Grace", OtherPhoto: "p", Caller: true, Seconds: 300, StartedAt: 1_000, EndedAt: 21_900, Reason: "hangup", CooldownUntil: 99},
		{Call: 2, Other: 3, Seconds: 60, StartedAt: 500},
	}
	w.cooldowns = []store.Cooldown{{Other: 1 << 62, OtherName: "Grace", Until: 99, Reason: "call"}}
	a := w.ok(w.send("GET", "/v1/me/history", "", bearerToken(token)), 200)
	want := map[string]any{
		"call": "2305843009213693952", "other": "4611686018427387904", "other_name": "Grace", "other_photo": "p", "caller": true, "seconds": 300.0,
		"talked": 20.0, "started_at": 1000.0, "ended_at": 21900.0, "reason": "hangup", "cooldown_until": 99.0,
	}
	calls := a.body["calls"].([]any)
	if len(calls) != 2 || !reflect.DeepEqual(calls[0], want) {
		t.Errorf("got %s", a.raw)
	}
	if running := calls[1].(map[string]any); running["talked"] != 0.0 || running["ended_at"] != 0.0 {
		t.Errorf("a running call: %v", running)
	}
	if !reflect.DeepEqual(a.body["cooldowns"], []any{map[string]any{"other": "4611686018427387904", "other_name": "Grace", "until": 99.0, "reason": "call"}}) {
		t.Errorf("got %s", a.raw)
	}
}

func TestHistoryPages(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	if a := w.ok(w.send("GET", "/v1/me/history", "", bearerToken(token)), 200); string(a.raw) != "{\"calls\":[],\"cooldowns\":[]}\n" {
		t.Errorf("nothing yet: %s", a.raw)
	}
	for i := range 250 {
		w.meetings = append(w.meetings, store.Meeting{Call: lobby.CallID(i + 1), Other: 9, StartedAt: int64(i+1) * 1000})
	}
	seen, before := 0, 0
	for {
		a := w.ok(w.send("GET", fmt.Sprintf("/v1/me/history?before=%d&limit=100", before), "", bearerToken(token)), 200)
		calls := a.body["calls"].([]any)
		if len(calls) == 0 {
			break
		}
		for _, c := range calls {
			if got, want := c.(map[string]any)["call"], fmt.Sprint(250-seen); got != want {
				t.Fatalf("call %v, want %v", got, want)
			}
			seen++
		}
		before = int(calls[len(calls)-1].(map[string]any)["started_at"].(float64))
	}
	if seen != 250 {
		t.Errorf("%d calls on all pages", seen)
	}
	if a := w.send("GET", "/v1/me/history", "", bearerToken(token)); len(a.body["calls"].([]any)) != usualPage {
		t.Errorf("the usual page has %d", len(a.body["calls"].([]any)))
	}
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "limit=x": "limit", "before=-1": "before", "before=1.5": "before", "before=9223372036854775808": "before",
	} {
		w.refused(w.send("GET", "/v1/me/history?"+query, "", bearerToken(token)), 400, "bad_value", field)
	}
}
