package lobby

import (
	"math/rand/v2"
	"testing"
)

// crowd brings n people into a lobby.
func crowd(n int) *Lobby {
	l := New(DefaultRules())
	for i := range n {
		p := PersonID(i + 1)
		f := From{Person: p, Conn: ConnID(p)}
		l.Step(Stamp{At: 1}, Connect{p, f.Conn})
		for _, e := range l.Step(Stamp{At: 1}, Enter{f}) {
			if q, ok := e.(Load); ok {
				l.Step(Stamp{At: 1}, Loaded{Op: q.Op, Person: p})
			}
		}
	}
	return l
}

// BenchmarkStep is the evening of 1,000 people: mostly words in calls, with
// rings, answers and ends between. One op is one step.
func BenchmarkStep(b *testing.B) {
	const people = 1000
	l := crowd(people)
	dice := rand.New(rand.NewPCG(1, 2))
	now := int64(1)
	b.ReportAllocs()
	b.ResetTimer()
	for steps := 0; steps < b.N; {
		p := PersonID(1 + dice.IntN(people))
		f := From{Person: p, Conn: ConnID(p), Ref: 1}
		var ev Event
		switch call := l.CallOf(p); l.Activity(p) {
		case Browsing:
			ev = Invite{f, PersonID(1 + dice.IntN(people)), 60, &Offer{SeenAt: now}}
		case Invited:
			ev = Accept{f, call, 0}
		case InCall:
			ev = Signal{f, call, "candidate", nil}
			if dice.IntN(20) == 0 {
				ev = End{f, call}
			}
		default:
			ev = Tick{}
		}
		todo := []Event{ev}
		for len(todo) > 0 && steps < b.N {
			now += 2
			steps++
			effects := l.Step(Stamp{At: now, Seed: dice.Uint64()}, todo[0])
			todo = todo[1:]
			for _, e := range effects {
				switch q := e.(type) {
				case Store:
					todo = append(todo, Stored{q.Op})
				case Ask:
					todo = append(todo, Decided{Op: q.Op, Seconds: 60})
				}
			}
		}
	}
}
