package load

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/bottest"
	"github.com/napalmsky/napalmsky/host/wire"
)

// evening plays a whole run in virtual time against a lobby that change may
// have made dishonest.
func evening(t *testing.T, people int, change func(*bottest.Server)) *Report {
	t.Helper()
	var report *Report
	synctest.Test(t, func(t *testing.T) {
		s := bottest.Start()
		defer s.Close()
		if change != nil {
			change(s)
		}
		var err error
		report, err = Run(t.Context(), Config{Target: s.URL(), People: people, Seed: 7, Client: bot.Options{Dial: s.Dial}})
		if err != nil {
			t.Fatal(err)
		}
	})
	return report
}

func TestAnHonestEveningIsReportedFaultless(t *testing.T) {
	r := evening(t, 24, nil)
	if !r.Passed() {
		t.Fatalf("errors %v %q, violations %v %q", r.Errors, r.ErrorExamples, r.ViolationKinds, r.ViolationExamples)
	}
	if r.Calls < 10 || r.Invites < r.Calls || r.Connected < 23 {
		t.Errorf("%d calls of %d invites, %d connected: this was no evening", r.Calls, r.Invites, r.Connected)
	}
	if r.SteadySeconds < 120 || r.SteadySeconds > 121 {
		t.Errorf("measured %v s", r.SteadySeconds)
	}
	// Each call is two SDP of more than 5 KB, in and out.
	if r.WS.From < 5000 || r.WS.To < r.WS.From || r.HTTP.To != 0 && r.HTTP.To > r.WS.To || r.Messages < r.MessagesToClients {
		t.Errorf("traffic does not add up: %+v %+v", r.WS, r.HTTP)
	}
	for _, name := range []string{"reel_delta", "reel", "ring", "start", "chat", "offer"} {
		if q := r.LatencyMS[name]; q.Count == 0 || *q.Max > 100 || *q.P50 > *q.P99 || *q.P99 > *q.Max {
			t.Errorf("%s: %+v; the lobby answered at once", name, q)
		}
	}
	if r.Server.Statements == nil || r.Server.RSSAvg != nil {
		t.Errorf("server figures %+v: it told its statements, and has no process here", r.Server)
	}
}

// TestLiesAreNoticed makes the lobby break each promise once it can, and
// expects the run to say so.
func TestLiesAreNoticed(t *testing.T) {
	honest := func(to int64, ev wire.Server) []bottest.Telling { return []bottest.Telling{{To: to, Ev: ev}} }
	var lobby *bottest.Server
	tamper := func(f func(to int64, ev wire.Server) []bottest.Telling) func(*bottest.Server) {
		return func(s *bottest.Server) {
			lobby = s
			s.Tamper = func(to int64, ev wire.Server) []bottest.Telling {
				if out := f(to, ev); out != nil {
					return out
				}
				return honest(to, ev)
			}
		}
	}
	for name, c := range map[string]struct {
		lie       func(*bottest.Server)
		violation string
		failure   string
	}{
		"a chat line is lost": {violation: "lost_chat", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if _, ok := ev.(wire.ServerCallChat); ok {
				return []bottest.Telling{}
			}
			return nil
		})},
		"an offer comes twice": {violation: "delivered_twice", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if sig, ok := ev.(wire.ServerCallSignal); ok && sig.Kind == "offer" {
				return []bottest.Telling{{To: to, Ev: ev}, {To: to, Ev: ev}}
			}
			return nil
		})},
		"a stranger hears the chat": {violation: "delivery_to_stranger", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if _, ok := ev.(wire.ServerCallChat); ok {
				return []bottest.Telling{{To: to, Ev: ev}, {To: lobby.Stranger(to), Ev: ev}}
			}
			return nil
		})},
		"chat is altered": {violation: "delivered_unsaid", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if chat, ok := ev.(wire.ServerCallChat); ok {
				chat.Text += "!"
				return []bottest.Telling{{To: to, Ev: chat}}
			}
			return nil
		})},
		"an end is never told": {violation: "never_ended", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if _, ok := ev.(wire.ServerCallEnded); ok {
				return []bottest.Telling{}
			}
			return nil
		})},
		"busy people ring and cooldowns are broken": {violation: "cooldown_broken", lie: func(s *bottest.Server) { s.Careless = true }},
		"people in calls are rung":                  {violation: "ring_in_call", lie: func(s *bottest.Server) { s.Careless = true }},
		"a history forgets": {violation: "history_missing_call", lie: func(s *bottest.Server) {
			s.TamperHistory = func(_ int64, calls []bottest.Met) []bottest.Met { return calls[:0] }
		}},
		"a history repeats": {violation: "history_twice", lie: func(s *bottest.Server) {
			s.TamperHistory = func(_ int64, calls []bottest.Met) []bottest.Met { return append(calls, calls...) }
		}},
		"requests stay unanswered": {failure: "unanswered_invite.decline", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if done, ok := ev.(wire.ServerDone); ok && done.Ref > 1 { // 1 is everybody's lobby.enter
				return []bottest.Telling{}
			}
			return nil
		})},
		"the store fails": {failure: "refused_try_again", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if e, ok := ev.(wire.ServerInviteRinging); ok {
				return []bottest.Telling{{To: to, Ev: wire.ServerError{Ref: e.Call, Code: "try_again"}}, {To: to, Ev: e}}
			}
			return nil
		})},
		"a delta names somebody unknown": {failure: "reel_mismatch", lie: tamper(func(to int64, ev wire.Server) []bottest.Telling {
			if d, ok := ev.(wire.ServerReelDelta); ok && len(d.Busy) > 0 {
				d.Busy = append(d.Busy, 1<<40)
				return []bottest.Telling{{To: to, Ev: d}}
			}
			return nil
		})},
	} {
		t.Run(name, func(t *testing.T) {
			r := evening(t, 12, c.lie)
			if r.Passed() {
				t.Fatal("nothing was noticed")
			}
			if c.violation != "" && r.ViolationKinds[c.violation] == 0 {
				t.Errorf("violations %v, want %s", r.ViolationKinds, c.violation)
			}
			if c.failure != "" && r.Errors[c.failure] == 0 {
				t.Errorf("errors %v, want %s", r.Errors, c.failure)
			}
		})
	}
}

func TestClosedSocketsAreErrorsAndPeopleComeBack(t *testing.T) {
	r := evening(t, 6, func(s *bottest.Server) {
		time.AfterFunc(40*time.Second, func() { s.CloseSockets(4002) })
	})
	if r.Errors["closed_4002"] == 0 {
		t.Errorf("errors %v, want closed_4002", r.Errors)
	}
	if r.Connected != 6 {
		t.Errorf("%d are connected at the end of the steady part", r.Connected)
	}
}

func TestPatienceIsARefusalNotAnError(t *testing.T) {
	refused := 0
	r := evening(t, 4, func(s *bottest.Server) {
		s.SignUp = func() int {
			if refused++; refused <= 3 {
				return 429
			}
			return 0
		}
	})
	if !r.Passed() || r.Refusals["http_sign_up_later"] != 3 {
		t.Errorf("errors %v, refusals %v", r.Errors, r.Refusals)
	}
}

func TestMainWritesTheReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := bottest.Start()
		defer s.Close()
		s.TamperHistory = func(_ int64, calls []bottest.Met) []bottest.Met { return nil }
		report, err := Run(t.Context(), Config{Target: s.URL(), People: 8, Seed: 1, Client: bot.Options{Dial: s.Dial}})
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "report.json")
		if err := writeFile(name, report); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{
			"people", "errors_total", "errors", "invariant_violations", "server.rss_avg_bytes", "server.rss_peak_bytes",
			"server.cpu_seconds_per_minute", "bytes_to_clients_per_minute", "bytes_from_clients_per_minute", "messages_per_minute",
			"ws.bytes_to_clients_per_minute", "http.bytes_to_clients_per_minute", "server.statements_per_minute", "refusals",
		} {
			if !has(got, path) {
				t.Errorf("the report has no %s", path)
			}
		}
		for _, l := range []string{"reel", "ring", "start", "chat", "offer"} {
			for _, q := range []string{"p50", "p95", "p99", "max"} {
				if !has(got, "latency_ms."+l+"."+q) {
					t.Errorf("the report has no latency_ms.%s.%s", l, q)
				}
			}
		}
		if n, _ := got["invariant_violations"].(float64); n == 0 {
			t.Error("forgotten histories are no violation")
		}
		var table bytes.Buffer
		if err := report.WriteTable(&table); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(table.String(), "| 8 | – | – |") || !strings.Contains(table.String(), "history_missing_call") {
			t.Errorf("table:\n%s", table.String())
		}
	})
}

func has(v map[string]any, path string) bool {
	name, rest, deeper := strings.Cut(path, ".")
	x, ok := v[name]
	if !ok || !deeper {
		return ok
	}
	m, ok := x.(map[string]any)
	return ok && has(m, rest)
}

func TestSameSeedSameEvening(t *testing.T) {
	a, b := evening(t, 10, nil), evening(t, 10, nil)
	if a.Invites != b.Invites || a.Calls != b.Calls || !maps.Equal(a.Refusals, b.Refusals) {
		t.Errorf("%d and %d invites, %d and %d calls, refusals %v and %v", a.Invites, b.Invites, a.Calls, b.Calls, a.Refusals, b.Refusals)
	}
}

func TestMainRefusesWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"--people"}, {"--nonsense"}, {"extra"}} {
		var out, errs bytes.Buffer
		if code := Main(t.Context(), args, &out, &errs); code != 2 || errs.Len() == 0 {
			t.Errorf("%v: exit %d, said %q", args, code, errs.String())
		}
	}
	var out, errs bytes.Buffer
	if code := Main(t.Context(), []string{"--people", "0"}, &out, &errs); code != 1 {
		t.Errorf("nobody: exit %d", code)
	}
}
