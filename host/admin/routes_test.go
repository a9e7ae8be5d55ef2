package admin

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

func TestAPluginIsLoadedAndSaysWhoDidIt(t *testing.T) {
	h := start(t, nil)
	l := into[Loaded](t, h.ask(t, "POST", "/admin/v1/plugins", []byte("match-new 2.0.0 match")))
	if l.Version.Name != "match-new" || len(l.Generations) != 1 || l.Generations[0].Rev != 2 {
		t.Errorf("loaded %+v", l)
	}
	if got, want := <-h.registry.Loaded, sha256.Sum256([]byte("match-new 2.0.0 match")); got != want {
		t.Error("other bytes arrived")
	}
	s := into[registry.Status](t, h.ask(t, "GET", "/admin/v1/status", nil))
	who := fmt.Sprintf("unix:%d", os.Getuid())
	if g := s.Serving[0]; g.Name != "match-new@2.0.0" || g.By != who {
		t.Errorf("match is served by %+v, want by %s", g, who)
	}
	page := into[Page](t, h.ask(t, "GET", "/admin/v1/history?limit=1", nil))
	if c := page.Changes[0]; c.Action != "load" || c.Who != who || c.Result != "ok" {
		t.Errorf("the audit log says %+v", c)
	}
}

func TestInspectChangesNothing(t *testing.T) {
	h := start(t, nil)
	before := into[Page](t, h.ask(t, "GET", "/admin/v1/history", nil))
	v := into[registry.Version](t, h.ask(t, "POST", "/admin/v1/plugins/inspect", []byte("match-new 2.0.0 match,trim")))
	if len(v.Hooks) != 2 || len(v.Params) == 0 {
		t.Errorf("inspected %+v", v)
	}
	if after := into[Page](t, h.ask(t, "GET", "/admin/v1/history", nil)); len(after.Changes) != len(before.Changes) {
		t.Error("inspecting left a trace")
	}
}

func TestKnobsAreTurnedAndTheOthersStay(t *testing.T) {
	h := start(t, nil)
	g := into[registry.Generation](t, h.ask(t, "PUT", "/admin/v1/plugins/match-mutual/params", []byte(`{"age_window": 8, "tag_weight": -3}`)))
	if g.Params["age_window"] != 8 || g.Params["tag_weight"] != -3 || g.Params["strict"] != 1 || g.Rev != 2 {
		t.Errorf("got %+v", g)
	}
}

func TestHooksRollBackPauseAndResume(t *testing.T) {
	h := start(t, nil)
	into[Loaded](t, h.ask(t, "POST", "/admin/v1/plugins", []byte("match-new 2.0.0 match")))
	post := func(action string) registry.Generation {
		return into[registry.Generation](t, h.ask(t, "POST", "/admin/v1/hooks/match/"+action, nil))
	}
	if g := post("rollback"); g.Name != "match-mutual@1.0.0" {
		t.Errorf("rolled back to %+v", g)
	}
	if g := post("pause"); !g.Paused {
		t.Errorf("paused: %+v", g)
	}
	if g := post("resume"); g.Paused || g.Rev != 5 {
		t.Errorf("resumed: %+v", g)
	}
}

func TestHistoryIsReadPageByPage(t *testing.T) {
	h := start(t, nil)
	for n := range 7 {
		into[registry.Generation](t, h.ask(t, "PUT", "/admin/v1/plugins/match-mutual/params", fmt.Appendf(nil, `{"age_window": %d}`, n)))
	}
	var all []registry.Change
	next, pages := int64(0), 0
	for {
		p := into[Page](t, h.ask(t, "GET", fmt.Sprintf("/admin/v1/history?limit=3&before=%d", next), nil))
		all = append(all, p.Changes...)
		pages++
		if next = p.Next; next == 0 {
			break
		}
	}
	if len(all) != 11 || pages != 4 { // four of the seeds, seven of ours
		t.Errorf("%d changes on %d pages", len(all), pages)
	}
	for i := 1; i < len(all); i++ {
		if !all[i].At.Before(all[i-1].At) {
			t.Errorf("change %d is not older than the one above it", i)
		}
	}
}

// Each refusal has its status, its code, and one sentence an operator can act on.
func TestRefusals(t *testing.T) {
	table := []struct {
		name, method, path, body string
		status                   int
		code, says               string
	}{
		{"no such plugin", "PUT", "/admin/v1/plugins/nobody/params", `{"a":1}`, 404, "no_such", "nobody"},
		{"no such hook", "POST", "/admin/v1/hooks/lunch/pause", "", 404, "no_such", "match, cooldown, trim and signalling"},
		{"nothing before", "POST", "/admin/v1/hooks/trim/rollback", "", 409, "nothing_before", "nothing to roll back to"},
		{"knob out of bounds", "PUT", "/admin/v1/plugins/match-mutual/params", `{"age_window":21}`, 400, "bad_param", "0 to 20"},
		{"knob that is none", "PUT", "/admin/v1/plugins/match-mutual/params", `{"age":2}`, 400, "bad_param", `"age"`},
		{"no knob", "PUT", "/admin/v1/plugins/match-mutual/params", `{}`, 400, "bad_param", "at least one"},
		{"unreadable knobs", "PUT", "/admin/v1/plugins/match-mutual/params", `[1]`, 400, "bad_param", "JSON object"},
		{"refused plugin", "POST", "/admin/v1/plugins", "bad", 422, "refused", "does not export memory"},
		{"refused at inspection", "POST", "/admin/v1/plugins/inspect", "a 1 lunch", 422, "refused", `"lunch"`},
		{"no module", "POST", "/admin/v1/plugins", "", 400, "bad_request", "module"},
		{"limit", "GET", "/admin/v1/history?limit=201", "", 400, "bad_request", "limit"},
		{"before", "GET", "/admin/v1/history?before=yesterday", "", 400, "bad_request", "before"},
		{"no such route", "GET", "/admin/v1/secrets", "", 404, "not_found", ""},
		{"method", "DELETE", "/admin/v1/plugins", "", 405, "bad_method", ""},
		{"method of a hook", "GET", "/admin/v1/hooks/match/pause", "", 405, "bad_method", ""},
	}
	h := start(t, nil)
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			a := h.ask(t, c.method, c.path, []byte(c.body))
			if a.status != c.status || a.code() != c.code || !strings.Contains(a.message(), c.says) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

func TestUnsignedIsForbidden(t *testing.T) {
	h := start(t, nil)
	h.registry.Signed = true
	if a := h.ask(t, "POST", "/admin/v1/plugins", []byte("m 1 match")); a.status != 403 || a.code() != "unsigned" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := h.ask(t, "POST", "/admin/v1/plugins", []byte("m 1 match"), "X-Signature", "not base64!"); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	into[Loaded](t, h.ask(t, "POST", "/admin/v1/plugins", []byte("m 1 match"), "X-Signature", base64.StdEncoding.EncodeToString([]byte("signed"))))
}

func TestQuarantineIsLiftedOnPurposeOnly(t *testing.T) {
	h := start(t, nil)
	module := []byte("m 1 match")
	v := into[Loaded](t, h.ask(t, "POST", "/admin/v1/plugins", module)).Version
	h.registry.Quarantine(v.Digest, "2026-09-21 20:00:01 UTC, 5 failures within 1m0s")
	for _, path := range []string{"/admin/v1/plugins", "/admin/v1/plugins?again=0"} {
		if a := h.ask(t, "POST", path, module); a.status != 409 || a.code() != "quarantined" || !strings.Contains(a.message(), "2026-09-21 20:00:01") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if a := h.ask(t, "POST", "/admin/v1/plugins?again=please", module); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if v := into[registry.Version](t, h.ask(t, "POST", "/admin/v1/plugins/inspect", module)); v.State != registry.Quarantined {
		t.Errorf("%+v", v)
	}
	into[Loaded](t, h.ask(t, "POST", "/admin/v1/plugins?again=1", module))
	if p := into[Page](t, h.ask(t, "GET", "/admin/v1/history?limit=1", nil)); p.Changes[0].Action != "load again" {
		t.Errorf("%+v", p.Changes[0])
	}
}

func TestTroubleOfTheServersOwnIsTold(t *testing.T) {
	h := start(t, nil)
	h.registry.Broken = true
	a := h.ask(t, "POST", "/admin/v1/hooks/match/pause", nil)
	if a.status != 500 || !strings.Contains(a.message(), "disk is full") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAModuleMayNotBeTooLarge(t *testing.T) {
	h := start(t, nil)
	h.registry.Called = func(op string) { t.Errorf("%s was asked for a module that is too large", op) }
	for _, path := range []string{"/admin/v1/plugins", "/admin/v1/plugins/inspect"} {
		if a := h.ask(t, "POST", path, make([]byte, MaxModule+1)); a.status != 413 || a.code() != "too_large" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := h.ask(t, "PUT", "/admin/v1/plugins/match-mutual/params", bytes.Repeat([]byte(" "), maxParams+1)); a.status != 400 {
		t.Errorf("params: %d", a.status)
	}
}

func TestTheLargestModuleArrives(t *testing.T) {
	h := start(t, nil)
	module := append([]byte("big 1 match"), bytes.Repeat([]byte(" "), MaxModule-11)...)
	if l := into[Loaded](t, h.ask(t, "POST", "/admin/v1/plugins", module)); l.Version.Bytes != MaxModule {
		t.Errorf("%d bytes arrived", l.Version.Bytes)
	}
}

// Modules held in memory are few; the status is answered all the while.
func TestLoadsAtOnceAreFew(t *testing.T) {
	h := start(t, nil)
	h.registry.Hold, h.registry.Held = make(chan struct{}), make(chan struct{})
	done := make(chan answer)
	for range uploadsAtOnce {
		go func() { done <- h.ask(t, "POST", "/admin/v1/plugins", []byte("m 1 match")) }()
		<-h.registry.Held
	}
	if a := h.ask(t, "POST", "/admin/v1/plugins", []byte("m 1 match")); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d %s", a.status, a.body)
	}
	if a := h.ask(t, "GET", "/admin/v1/status", nil); a.status != 200 {
		t.Errorf("status: %d", a.status)
	}
	for range uploadsAtOnce {
		h.registry.Hold <- struct{}{}
		if a := <-done; a.status != 200 {
			t.Errorf("a load that waited: %d %s", a.status, a.body)
		}
	}
}

// A load that still runs when the server stops is not answered with success.
func TestStoppingCutsALoadOff(t *testing.T) {
	h := start(t, nil)
	h.registry.Hold, h.registry.Held = make(chan struct{}), make(chan struct{})
	gone := make(chan error)
	go func() {
		resp, err := h.unix.Post("http://localhost/admin/v1/plugins", "application/wasm", strings.NewReader("m 1 match"))
		if err == nil {
			resp.Body.Close()
		}
		gone <- err
	}()
	<-h.registry.Held
	h.stop()
	if err := <-gone; err == nil {
		t.Error("the load was answered")
	}
	select {
	case <-h.registry.Loaded:
		t.Error("the module serves")
	default:
	}
}
