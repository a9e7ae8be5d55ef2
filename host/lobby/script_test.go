package lobby

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the expected effects in testdata/scripts")

// The scripts are transcripts: commands, a line of dashes, the effects they must
// have, an empty line. Read one to learn the language; times are relative to
// the script's beginning, a1 is Ada's connection 1, and every request has ref 1.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scripts/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("transcripts: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, have := strings.Split(string(text), "\n"), strings.Split(got, "\n")
			for i := range have {
				if i >= len(want) || want[i] != have[i] {
					t.Fatalf("line %d:\n got: %s\nwant: %s\n(-update rewrites; read the difference before you commit it)",
						i+1, have[i], strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
				}
			}
			if len(want) != len(have) {
				t.Fatalf("%d lines, want %d", len(have), len(want))
			}
		})
	}
}

// play runs a transcript and returns it with the effects that really came.
func play(t *testing.T, text string) string {
	s := newScript()
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		head, _, runs := strings.Cut(block+"\n", "\n----\n")
		out.WriteString(strings.TrimSuffix(head, "\n") + "\n")
		if runs {
			out.WriteString("----\n")
			commands := slices.DeleteFunc(strings.Split(head, "\n"), func(line string) bool {
				return line == "" || strings.HasPrefix(line, "#")
			})
			for _, line := range commands {
				if len(commands) > 1 {
					s.out.WriteString("> " + line + "\n")
				}
				if err := s.run(line); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			out.WriteString(s.out.String())
			s.out.Reset()
		}
		out.WriteString("\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// script drives one lobby by commands.
type script struct {
	l       *Lobby
	rules   Rules
	now     int64
	invites uint64
	out     strings.Builder
	quiet   bool
}

const scriptStart = int64(1_000_000_000_000)

func newScript() *script {
	r := DefaultRules()
	r.RestMS = 0 // a script that is about it says so
	return &script{l: New(r), rules: r, now: scriptStart}
}

func (s *script) step(ev Event) []Effect {
	eff := s.l.Step(Stamp{At: s.now, Seed: 100 + s.invites}, ev)
	if !s.quiet {
		for _, e := range eff {
			s.out.WriteString(show(e) + "\n")
		}
	}
	return eff
}

func (s *script) run(line string) error {
	w := words(line)
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	num := func(i int) int64 { n, _ := strconv.ParseInt(arg(i), 10, 64); return n }
	f := From{Person: personOf(arg(1)), Conn: connOf(arg(1)), Ref: 1}
	call := CallID(num(2))
	var ev Event
	switch w[0] {
	case "arrive": // connects, enters and has no bars; its effects are not shown
		return s.arrive(w[1:])
	case "wait":
		d, err := time.ParseDuration(arg(1))
		if err != nil {
			return err
		}
		s.wait(d.Milliseconds())
		return nil
	case "sleep": // time passes, and nobody ticks
		d, err := time.ParseDuration(arg(1))
		if err != nil {
			return err
		}
		s.now += d.Milliseconds()
		return nil
	case "answer": // everything is stored, and the policy says SECONDS
		s.answer(num(1))
		return nil
	case "restart":
		s.l = New(s.rules)
		return nil
	case "max_conns":
		s.rules.MaxConns = int(num(1))
		s.l = New(s.rules)
		return nil
	case "rest": // after a ring that nobody answers, from a fresh lobby on
		d, err := time.ParseDuration(arg(1))
		if err != nil {
			return err
		}
		s.rules.RestMS = d.Milliseconds()
		s.l = New(s.rules)
		return nil
	case "show":
		s.show()
		return nil
	case "connect":
		ev = Connect{f.Person, f.Conn}
	case "disconnect":
		ev = Disconnect{f.Person, f.Conn}
	case "gone":
		ev = Gone{f.Person}
	case "changed":
		ev = Changed{f.Person}
	case "enter":
		ev = Enter{f}
	case "leave":
		ev = Leave{f}
	case "busy":
		ev = SetBusy{f, true}
	case "free":
		ev = SetBusy{f, false}
	case "invite":
		s.invites++
		in := Invite{From: f, To: personOf(arg(2)), Seconds: int(num(3)), Offer: &Offer{Score: 7, Generation: "g", SeenAt: s.now}}
		switch arg(4) {
		case "unseen":
			in.Offer = nil
		case "":
		default:
			d, err := time.ParseDuration(arg(4))
			if err != nil {
				return err
			}
			in.Offer.SeenAt += d.Milliseconds()
		}
		ev = in
	case "accept":
		ev = Accept{f, call, int(num(3))}
	case "decline":
		ev = Decline{f, call}
	case "rescind":
		ev = Rescind{f, call}
	case "keep":
		ev = KeepWaiting{f, call}
	case "signal":
		ev = Signal{f, call, arg(3), []byte(arg(4))}
	case "chat":
		ev = Chat{f, call, len(arg(3)), []byte(arg(3))}
	case "essay":
		ev = Chat{f, call, int(num(3)), []byte("long")}
	case "share":
		ev = Share{f, call, []byte(arg(3))}
	case "take":
		ev = Take{f, call}
	case "end":
		ev = End{f, call}
	case "block":
		ev = Block{f, personOf(arg(2))}
	case "report":
		ev = Report{f, personOf(arg(2)), arg(3), []byte(arg(4))}
	case "loaded": // loaded OP PERSON [OTHER REASON DURATION|forever]
		in := Loaded{Op: OpID(num(1)), Person: personOf(arg(2))}
		for i := 3; i+2 < len(w); i += 3 {
			b := Bar{Other: personOf(w[i]), Reason: w[i+1], Until: Forever, Met: 1}
			if d, err := time.ParseDuration(w[i+2]); err == nil {
				b.Until = s.now + d.Milliseconds()
			}
			in.Bars = append(in.Bars, b)
		}
		ev = in
	case "load_failed":
		ev = LoadFailed{OpID(num(1)), personOf(arg(2))}
	case "stored":
		ev = Stored{OpID(num(1))}
	case "store_failed":
		ev = StoreFailed{OpID(num(1))}
	case "decided":
		ev = Decided{Op: OpID(num(1)), Seconds: num(2), Digest: arg(3), Failed: arg(2) == "failed"}
	case "recovered": // recovered CALL CALLER CALLEE SECONDS STARTED
		d, err := time.ParseDuration(arg(5))
		if err != nil {
			return err
		}
		at := s.now + d.Milliseconds()
		ev = Recovered{[]CallStart{{
			Call: CallID(num(1)), A: personOf(arg(2)), B: personOf(arg(3)), Seconds: int(num(4)), StartedAt: at,
			Deadline: at + num(4)*1000, CooldownUntil: at + num(4)*1000 + s.rules.CooldownCall*1000,
		}}}
	case "tick":
		ev = Tick{}
	default:
		return fmt.Errorf("no such command")
	}
	s.step(ev)
	return nil
}

func (s *script) arrive(conns []string) error {
	s.quiet = true
	defer func() { s.quiet = false }()
	for _, name := range conns {
		p, c := personOf(name), connOf(name)
		if p == 0 || c == 0 {
			return fmt.Errorf("%q is no connection", name)
		}
		s.step(Connect{p, c})
		for _, e := range s.step(Enter{From{Person: p, Conn: c}}) {
			if q, ok := e.(Load); ok {
				s.step(Loaded{Op: q.Op, Person: p})
			}
		}
	}
	return nil
}

// answer answers all that the lobby asked, in order, until it asks no more.
func (s *script) answer(seconds int64) {
	for op := OpID(1); op <= s.l.lastOp; op++ {
		if s.l.asks[op] != nil {
			s.step(Decided{Op: op, Seconds: seconds, Digest: "p"})
		}
		if s.l.stores[op] != nil {
			s.step(Stored{op})
		}
	}
}

// wait lets time pass, stopping wherever something is due.
func (s *script) wait(ms int64) {
	end := s.now + ms
	for {
		at, ok := s.l.NextDeadline()
		if !ok || at > end {
			break
		}
		s.now = max(s.now, at)
		fmt.Fprintf(&s.out, "at %s\n", clock(s.now))
		s.step(Tick{})
	}
	s.now = end
}

func (s *script) show() {
	for _, name := range names {
		if p := s.l.people[personOf(name)]; p != nil {
			fmt.Fprintf(&s.out, "%s %s", name, p.activity())
			if p.callID() != 0 {
				fmt.Fprintf(&s.out, " call=%d", p.callID())
			}
			s.out.WriteString("\n")
		}
	}
	if at, ok := s.l.NextDeadline(); ok {
		fmt.Fprintf(&s.out, "waits until %s\n", clock(at))
	}
	fmt.Fprintf(&s.out, "now %s\n", clock(s.now))
}
