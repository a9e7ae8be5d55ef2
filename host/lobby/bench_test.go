package lobby

import (
	"fmt"
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

// BenchmarkStep is the evening: mostly words in calls, with rings, answers and
// ends between. One op is one step, and costs the same among however many.
func BenchmarkStep(b *testing.B) {
	for _, people := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) { benchmarkStep(b, people) })
	}
}

// BenchmarkEnter is someone who comes and goes among ten thousand, of whom many
// rang without an answer before.
func BenchmarkEnter(b *testing.B) {
	const people = 10_000
	l := crowd(people)
	now := int64(1)
	for i := range PersonID(maxHeld) {
		l.Step(Stamp{At: now}, Invite{From{Person: 1 + i%people, Conn: ConnID(1 + i%people)}, 1 + (i+i/people+1)%people, 60, &Offer{SeenAt: now}})
		if i%500 == 0 {
			now += l.rules.RingMS
			l.Step(Stamp{At: now}, Tick{})
		}
	}
	f := From{Person: people + 1, Conn: people + 1}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		l.Step(Stamp{At: now}, Connect{f.Person, f.Conn})
		for _, e := range l.Step(Stamp{At: now}, Enter{f}) {
			if q, ok := e.(Load); ok {
				l.Step(Stamp{At: now}, Loaded{Op: q.Op, Person: f.Person})
			}
		}
		l.Step(Stamp{At: now}, Leave{f})
		l.Step(Stamp{At: now}, Disconnect{f.Person, f.Conn})
	}
	b.ReportMetric(float64(len(l.held.ties)), "held")
}

func benchmarkStep(b *testing.B, people int) {
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
			steps++
			now = 1 + int64(2000*steps/people) // however many, as much happens to each in a second
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
