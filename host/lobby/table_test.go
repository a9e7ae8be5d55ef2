package lobby

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// transitions says what becomes of every wish in every state. The subject is
// Ada; Bob is the other of her ring or call; Cyd is free and in her reel. She
// has connections a1, with which she did all she did, and a2, which only Away
// uses: it is in_call seen from there. Settling stands for the callee whose yes
// is being stored.
//
// A cell is the answer, and after → what she does then, where that changed.
// "…" is no answer yet (it comes with the store's or the policy's), "-" is none
// ever. Every code but those is a refusal that changed nothing.
const transitions = `
event         | outside        | entering       | free             | busy             | inviting          | invited           | settling        | in_call           | away
Enter         | …→entering     | entering       | done             | done             | done              | done              | done            | done              | done
Leave         | done           | done→outside   | done→outside     | done→outside     | done→outside      | done→outside      | done→outside    | done→outside      | done→outside
SetBusy       | not_in_lobby   | entering       | done→busy        | done             | you_are_busy      | you_are_busy      | you_are_busy    | you_are_busy      | you_are_busy
SetFree       | not_in_lobby   | entering       | done             | done→free        | you_are_busy      | you_are_busy      | you_are_busy    | you_are_busy      | you_are_busy
Invite        | not_in_lobby   | entering       | done→inviting    | done→inviting    | you_are_busy      | you_are_busy      | you_are_busy    | you_are_busy      | you_are_busy
InviteBack    | not_in_lobby   | entering       | done→inviting    | done→inviting    | you_are_busy      | …→settling        | you_are_busy    | you_are_busy      | you_are_busy
Accept        | no_such_invite | entering       | no_such_invite   | no_such_invite   | no_such_invite    | …→settling        | no_such_invite  | no_such_invite    | no_such_invite
Decline       | no_such_invite | entering       | no_such_invite   | no_such_invite   | no_such_invite    | …→settling        | no_such_invite  | no_such_invite    | no_such_invite
Rescind       | no_such_invite | entering       | no_such_invite   | no_such_invite   | …→settling        | no_such_invite    | no_such_invite  | no_such_invite    | no_such_invite
KeepWaiting   | no_such_invite | entering       | no_such_invite   | no_such_invite   | done              | no_such_invite    | no_such_invite  | no_such_invite    | no_such_invite
Signal        | no_such_call   | entering       | no_such_call     | no_such_call     | no_such_call      | no_such_call      | no_such_call    | -                 | call_elsewhere
Chat          | no_such_call   | entering       | no_such_call     | no_such_call     | no_such_call      | no_such_call      | no_such_call    | done              | call_elsewhere
Share         | no_such_call   | entering       | no_such_call     | no_such_call     | no_such_call      | no_such_call      | no_such_call    | done              | call_elsewhere
Take          | no_such_call   | entering       | no_such_call     | no_such_call     | no_such_call      | no_such_call      | no_such_call    | done              | call_elsewhere
End           | no_such_call   | entering       | no_such_call     | no_such_call     | no_such_call      | no_such_call      | no_such_call    | done→free         | done→free
Block         | …              | …              | …                | …                | …→free            | …→free            | …→free          | …→free            | …→free
Report        | …              | …              | …                | …                | …→free            | …→free            | …→free          | …→free            | …→free
`

// wishes makes the events of the table's rows; call is Ada's meeting, or none.
func wishes(f From, call CallID, now int64) map[string]Event {
	offer := &Offer{SeenAt: now}
	return map[string]Event{
		"Enter":       Enter{f},
		"Leave":       Leave{f},
		"SetBusy":     SetBusy{f, true},
		"SetFree":     SetBusy{f, false},
		"Invite":      Invite{f, personOf("cyd"), 300, offer},
		"InviteBack":  Invite{f, personOf("bob"), 300, offer},
		"Accept":      Accept{f, call, 0},
		"Decline":     Decline{f, call},
		"Rescind":     Rescind{f, call},
		"KeepWaiting": KeepWaiting{f, call},
		"Signal":      Signal{f, call, "offer", nil},
		"Chat":        Chat{f, call, 2, []byte("hi")},
		"Share":       Share{f, call, nil},
		"Take":        Take{f, call},
		"End":         End{f, call},
		"Block":       Block{f, personOf("bob")},
		"Report":      Report{f, personOf("bob"), "rude", nil},
	}
}

// states brings Ada where the table's columns say.
func states() map[string][]string {
	ring := []string{"arrive a1 b1 c1", "connect a2"}
	return map[string][]string{
		"outside":  {"arrive b1 c1", "connect a1", "connect a2"},
		"entering": {"arrive b1 c1", "connect a1", "connect a2", "enter a1"},
		"free":     ring,
		"busy":     append(slices.Clone(ring), "busy a1"),
		"inviting": append(slices.Clone(ring), "invite a1 bob 300"),
		"invited":  append(slices.Clone(ring), "invite b1 ada 300"),
		"settling": append(slices.Clone(ring), "invite b1 ada 300", "accept a1 101"),
		"in_call":  append(slices.Clone(ring), "invite b1 ada 300", "accept a1 101", "answer"),
		"away":     append(slices.Clone(ring), "invite b1 ada 300", "accept a1 101", "answer"),
	}
}

func TestEveryWishInEveryState(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(transitions), "\n")
	columns := cells(lines[0])[1:]
	for _, line := range lines[1:] {
		row := cells(line)
		for i, state := range columns {
			t.Run(row[0]+"/"+state, func(t *testing.T) {
				s := newScript()
				for _, cmd := range states()[state] {
					if err := s.run(cmd); err != nil {
						t.Fatal(err)
					}
				}
				ada := personOf("ada")
				before := s.l.Activity(ada)
				if want := strings.Replace(state, "away", "in_call", 1); string(before) != want {
					t.Fatalf("Ada is %s before, want %s", before, want)
				}
				f := From{Person: ada, Conn: connOf("a1"), Ref: 9}
				if state == "away" {
					f.Conn = connOf("a2")
				}
				ev := wishes(f, 101, s.now)[row[0]]
				got := answerOf(t, f, ev, s.step(ev))
				if after := s.l.Activity(ada); after != before {
					got += "→" + string(after)
				}
				if got != row[i+1] {
					t.Errorf("got %s, want %s", got, row[i+1])
				}
			})
		}
	}
}

// answerOf reads how a wish was answered; a refusal must be all there is.
func answerOf(t *testing.T, f From, ev Event, effects []Effect) string {
	got := "…"
	if _, ok := ev.(Signal); ok {
		got = "-"
	}
	for _, e := range effects {
		tell, ok := e.(Tell)
		if !ok || tell.Conn != f.Conn {
			continue
		}
		switch n := tell.Notice.(type) {
		case Done:
			if n.Ref == f.Ref {
				got = "done"
			}
		case Refused:
			if n.Ref != f.Ref {
				continue
			}
			if got = string(n.Code); len(effects) != 1 {
				t.Errorf("refused with %s, and yet %v", n.Code, effects)
			}
		}
	}
	return got
}

func cells(line string) []string {
	var out []string
	for _, c := range strings.Split(line, "|") {
		out = append(out, strings.TrimSpace(c))
	}
	return out
}

// The table forgets no activity and no wish: both are read from the vocabulary.
func TestTableIsComplete(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(transitions), "\n")
	columns := cells(lines[0])[1:]
	var rows []string
	for _, line := range lines[1:] {
		if row := cells(line); len(row) == len(columns)+1 && !slices.Contains(row, "") {
			ev := wishes(From{}, 1, 0)[row[0]]
			rows = append(rows, strings.TrimPrefix(fmt.Sprintf("%T", ev), "lobby."))
		} else {
			t.Errorf("incomplete row: %s", line)
		}
	}
	activities, wishes := vocabulary(t)
	if len(activities) < 8 || len(wishes) < 15 {
		t.Fatalf("read only %v and %v from the vocabulary", activities, wishes)
	}
	for _, a := range activities {
		if !slices.Contains(columns, a) {
			t.Errorf("no column for %s", a)
		}
	}
	for _, w := range wishes {
		if !slices.Contains(rows, w) {
			t.Errorf("no row for %s", w)
		}
	}
}

// vocabulary reads every Activity and every event with a From out of the source.
func vocabulary(t *testing.T) (activities, wishes []string) {
	for _, file := range []string{"notice.go", "event.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "Activity" {
					activities = append(activities, strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`))
				}
			case *ast.TypeSpec:
				st, ok := n.Type.(*ast.StructType)
				if !ok {
					return true
				}
				for _, field := range st.Fields.List {
					if id, ok := field.Type.(*ast.Ident); ok && len(field.Names) == 0 && id.Name == "From" {
						wishes = append(wishes, n.Name.Name)
					}
				}
			}
			return true
		})
	}
	return activities, wishes
}
