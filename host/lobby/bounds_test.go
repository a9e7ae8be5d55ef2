package lobby

import (
	"slices"
	"testing"
)

// A meeting's id comes of the step's seed, but two meetings never share one.
func TestMeetingIDs(t *testing.T) {
	l := crowd(8)
	var ids []CallID
	for i, seed := range []uint64{0, 1, 0xffffffffffffffff, 0xffffffffffffffff} {
		p := PersonID(2*i + 1)
		l.Step(Stamp{At: 1, Seed: seed}, Invite{From{Person: p, Conn: ConnID(p)}, p + 1, 60, &Offer{SeenAt: 1}})
		ids = append(ids, l.CallOf(p))
	}
	if want := []CallID{1, 2, 1<<53 - 1, 3}; !slices.Equal(ids, want) {
		t.Errorf("ids %v, want %v", ids, want)
	}
	if people, free, rings, calls := l.Counts(); people != 8 || free != 0 || rings != 4 || calls != 0 {
		t.Errorf("counts %d, %d, %d, %d", people, free, rings, calls)
	}
}

// An evening that never ends does not fill the memory: cooldowns that are over
// and people who went are forgotten, by those who stay too.
func TestMemoryIsBounded(t *testing.T) {
	l := crowd(1)
	now := int64(1)
	step := func(ev Event) []Effect {
		now += 200
		return l.Step(Stamp{At: now, Seed: uint64(now)}, ev)
	}
	host := From{Person: 1, Conn: 1, Ref: 1}
	for i := range 5000 {
		guest := From{Person: PersonID(10 + i), Conn: ConnID(10 + i), Ref: 2}
		step(Connect{guest.Person, guest.Conn})
		step(Loaded{Op: step(Enter{guest})[0].(Load).Op, Person: guest.Person})
		step(Invite{guest, 1, 60, &Offer{SeenAt: now}})
		ask := step(Decline{host, l.CallOf(1)})
		asked := ask[len(ask)-1].(Ask)
		set := step(Decided{Op: asked.Op, Seconds: 5})[0].(Store)
		step(Stored{set.Op})
		if until := l.tieOf(1, guest.Person).until; until <= now {
			t.Fatalf("no cooldown after a decline: %d at %d", until, now)
		}
		step(Disconnect{guest.Person, guest.Conn})
	}
	now += 60_000
	step(Tick{})
	ties := len(l.people[1].ties)
	if len(l.people) != 1 || ties > 200 || len(l.held.ties)+len(l.held.with)+len(l.stores)+len(l.asks)+len(l.timers.heap) > 0 {
		t.Errorf("kept %d people, %d ties, %d held, %d writes, %d questions, %d timers",
			len(l.people), ties, len(l.held.ties), len(l.stores), len(l.asks), len(l.timers.heap))
	}
}

// Blocks that the store refuses are remembered, but not without end.
func TestRefusedBlocksAreBounded(t *testing.T) {
	l := crowd(2)
	f := From{Person: 1, Conn: 1, Ref: 1}
	for i := range maxHeld + 500 {
		effects := l.Step(Stamp{At: 2}, Block{f, PersonID(2 + i)})
		for _, e := range effects {
			if q, ok := e.(Store); ok {
				l.Step(Stamp{At: 2}, StoreFailed{q.Op})
			}
		}
	}
	l.Step(Stamp{At: 2}, Gone{1})
	if len(l.held.ties) != maxHeld || l.tieOf(1, 2).until != Forever {
		t.Errorf("%d held; the first until %d", len(l.held.ties), l.tieOf(1, 2).until)
	}
}

// A clock that is set back does not lengthen, shorten or reorder any wait.
func TestTimeNeverRunsBack(t *testing.T) {
	l := crowd(2)
	l.Step(Stamp{At: 10_000}, Tick{})
	l.Step(Stamp{At: 4_000, Seed: 9}, Invite{From{Person: 1, Conn: 1}, 2, 60, &Offer{SeenAt: 4_000}})
	if at, ok := l.NextDeadline(); !ok || at != 30_000 {
		t.Errorf("the ring expires at %d, want 30000", at)
	}
}
