package lobby

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

// FuzzStep feeds a lobby whatever can be decoded: one event a line, as
// "milliseconds kind json". It must not panic, must keep its books straight,
// and must find rest when time passes.
func FuzzStep(f *testing.F) {
	f.Add([]byte(`0 connect {"person":1,"conn":1}
0 enter {"person":1,"conn":1,"ref":1}
0 loaded {"op":1,"person":1}
0 connect {"person":2,"conn":2}
0 enter {"person":2,"conn":2,"ref":2}
0 loaded {"op":2,"person":2,"bars":[{"other":3,"until":9,"reason":"call"}]}
5 invite {"person":1,"conn":1,"ref":3,"to":2,"seconds":60,"offer":{"seen_at":5}}
9 accept {"person":2,"conn":2,"ref":4,"call":7}
9 stored {"op":3}
9 chat {"person":1,"conn":1,"ref":5,"call":7,"runes":2}
20 disconnect {"person":1,"conn":1}
30 connect {"person":1,"conn":3}
40 report {"person":1,"conn":3,"ref":6,"other":2,"reason":"rude"}
50 gone {"person":1}`))
	f.Add([]byte(`1 recovered {"calls":[{"call":9,"a":1,"b":2,"seconds":60,"deadline":-9223372036854775808,"cooldown_until":9223372036854775807},{"call":8,"a":1,"b":2,"deadline":9223372036854775807}]}
9223372036854775807 tick {}
-5 decided {"op":1,"seconds":9223372036854775807}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l := New(DefaultRules())
		for _, line := range bytes.Split(text, []byte("\n")) {
			at, rest, _ := bytes.Cut(line, []byte(" "))
			kind, data, _ := bytes.Cut(rest, []byte(" "))
			ev, err := Decode(string(kind), data, []byte("body"))
			if err != nil {
				continue
			}
			stamp := Stamp{Seed: 7}
			if _, err := fmt.Sscan(string(at), &stamp.At); err != nil {
				continue
			}
			for _, ef := range l.Step(stamp, ev) {
				if _, _, _, err := EncodeEffect(ef); err != nil {
					t.Fatalf("%#v: %v", ef, err)
				}
			}
			for id, m := range l.meetings {
				for _, s := range m.sides() {
					if s.p.meeting != m || l.people[s.p.id] != s.p || m.phase == over {
						t.Fatalf("meeting %d of %d is not theirs", id, s.p.id)
					}
				}
			}
		}
		// Two hours without an answer: every ring, settling and question is over.
		// A call may have been recovered with a deadline beyond any clock.
		end := l.now + 7_200_000
		for range 100_000 {
			at, ok := l.NextDeadline()
			if !ok || at > end {
				break
			}
			l.Step(Stamp{At: at}, Tick{})
		}
		for id, p := range l.people {
			if a := l.Activity(id); a == Entering || a == Inviting || a == Invited || a == Settling {
				t.Fatalf("%d is %s for ever", id, a)
			}
			if a := l.Activity(id); a == InCall && p.meeting.start.Deadline < end && p.meeting.start.Deadline < math.MaxInt64 {
				t.Fatalf("%d is in a call past its deadline", id)
			}
		}
	})
}
