package lobby

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestEvenings plays long random evenings: people with several connections do
// whatever comes to their minds, with anybody's calls; the store and the policy
// answer late, badly or not at all; time jumps. A model beside the lobby (judge)
// knows what must hold after every step. Then the outside falls silent, and then
// it recovers, and everything must come to rest.
func TestEvenings(t *testing.T) { rapid.Check(t, anEvening) }

// FuzzEvenings lets coverage lead through the same evenings.
func FuzzEvenings(f *testing.F) { f.Fuzz(rapid.MakeFuzz(anEvening)) }

func anEvening(t *rapid.T) {
	e := newEvening(t)
	steps := rapid.SampledFrom([]int{30, 300, 1500, 4000}).Draw(t, "steps")
	if rapid.Bool().Draw(t, "restarted") {
		e.recover()
	}
	e.fill()
	for range steps {
		e.act()
	}
	e.silence()
	e.rest()
	e.restart()
	e.replay()
}

type evening struct {
	t      *rapid.T
	l      *Lobby
	rules  Rules
	now    int64
	dice   *rand.Rand // nil: draw from rapid
	people int
	ref    uint32
	asked  []Effect // questions the outside has not answered, oldest first
	store  *shelf
	judge  *judge

	stamps  []Stamp
	events  []Event
	effects [][]Effect
}

func newEvening(t *rapid.T) *evening {
	r := DefaultRules()
	r.MaxConns = rapid.IntRange(1, 3).Draw(t, "max conns")
	if rapid.IntRange(0, 3).Draw(t, "long cooldowns") < 3 {
		r.CooldownCall, r.CooldownNo, r.CooldownUnsaid = 10, 10, 10
	}
	e := &evening{t: t, l: New(r), rules: r, now: 1_000_000, people: rapid.IntRange(2, 9).Draw(t, "people"), store: newShelf()}
	if rapid.Bool().Draw(t, "dice") {
		e.dice = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	}
	e.judge = newJudge(t, e)
	return e
}

// pick draws from 0..n-1. Rapid prefers small numbers and can shrink them, which
// finds corners; dice are fair, which finds long stories. Each has half the evenings.
func (e *evening) pick(n int, what string) int {
	if e.dice != nil {
		return e.dice.IntN(n)
	}
	return rapid.IntRange(0, n-1).Draw(e.t, what)
}

func (e *evening) person() PersonID { return PersonID(1 + e.pick(e.people, "person")) }

// step is the only way to the lobby: everything is recorded and judged.
func (e *evening) step(ev Event) {
	at := Stamp{At: e.now, Seed: uint64(len(e.events)+1) * 100}
	if e.pick(20, "clock") == 19 {
		at.At -= 5_000 // a clock that runs backwards must do no harm
	}
	out := e.l.Step(at, ev)
	e.stamps, e.events, e.effects = append(e.stamps, at), append(e.events, ev), append(e.effects, out)
	for _, ef := range out {
		switch ef.(type) {
		case Store, Ask, Load:
			e.asked = append(e.asked, ef)
		}
	}
	e.judge.step(ev, out)
}

// recover begins the evening with what a crash may have left.
func (e *evening) recover() {
	var calls []CallStart
	for i := range e.pick(4, "open calls") {
		at := e.now - int64(e.pick(400, "started"))*1000
		st := CallStart{
			Call: CallID(1 + i), A: e.person(), B: e.person(), Seconds: 300, StartedAt: at,
			Deadline: at + 300_000, CooldownUntil: at + 300_000 + e.rules.CooldownCall*1000,
		}
		// A pair has one slot for its cooldown; two open calls of one pair would share it.
		if st.A == st.B || slices.ContainsFunc(calls, func(c CallStart) bool { return PairOf(c.A, c.B) == PairOf(st.A, st.B) }) {
			continue
		}
		calls = append(calls, st)
		e.store.apply(st)
	}
	e.judge.recovered(calls)
	e.step(Recovered{calls})
}

// fill lets most people in before anything else happens, so that much does.
func (e *evening) fill() {
	for i := range e.people {
		p := PersonID(i + 1)
		if e.pick(4, "comes later") == 3 {
			continue
		}
		e.step(Connect{p, ConnID(p) * 10})
		e.ref++
		e.step(Enter{From{p, ConnID(p) * 10, e.ref}})
		for len(e.asked) > 0 {
			e.resolve(0, 0)
		}
	}
}

func (e *evening) act() {
	p := e.person()
	switch e.pick(10, "act") {
	case 0:
		e.step(Connect{p, ConnID(int64(p)*10 + int64(e.pick(4, "conn")))})
	case 1:
		if e.pick(3, "really") == 0 {
			e.step(Disconnect{p, e.conn(p)})
		}
	case 2:
		e.pass(int64(e.pick(3_000, "ms")))
	case 3:
		if e.pick(8, "really") == 0 {
			e.pass(int64(e.pick(60_000, "jump")))
		}
	case 4, 5, 6:
		e.answer()
	case 7:
		for range e.people { // whoever is in a meeting does something about it
			if e.l.CallOf(p) != 0 {
				e.ref++
				e.meet(From{Person: p, Conn: e.conn(p), Ref: e.ref}, e.l.CallOf(p))
				break
			}
			p = 1 + p%PersonID(e.people)
		}
	default:
		e.wish(p)
	}
}

func (e *evening) conn(p PersonID) ConnID {
	if q := e.l.people[p]; q != nil && len(q.conns) > 0 && e.pick(20, "stranger's conn") < 19 {
		return q.conns[e.pick(len(q.conns), "which conn")].id
	}
	return ConnID(int64(p)*10 + int64(e.pick(5, "conn")))
}

// pass lets time go by, usually ticking at each deadline, sometimes too late.
func (e *evening) pass(ms int64) {
	end := e.now + ms
	for e.pick(4, "oversleep") > 0 {
		at, ok := e.l.NextDeadline()
		if !ok || at > end {
			break
		}
		e.now = max(e.now, at)
		e.step(Tick{})
	}
	e.now = end
	e.step(Tick{})
}

func (e *evening) wish(p PersonID) {
	e.ref++
	f := From{Person: p, Conn: e.conn(p), Ref: e.ref}
	if e.pick(20, "no reply wanted") == 19 {
		f.Ref = 0
	}
	whose := p
	if e.pick(6, "meddle") == 0 {
		whose = e.person()
	}
	if e.l.Activity(p) == Outside && e.pick(4, "come in") > 0 {
		if q := e.l.people[p]; q == nil || q.anyLive() == nil {
			e.step(Connect{p, ConnID(p) * 10})
		} else {
			e.step(Enter{f})
		}
		return
	}
	call := e.l.CallOf(whose)
	if call != 0 && e.pick(3, "stay on topic") > 0 {
		e.meet(f, call)
		return
	}
	body := []byte(fmt.Sprint(p))
	other := e.person()
	if other == p && e.pick(4, "myself") > 0 {
		other = 1 + p%PersonID(e.people)
	}
	switch e.pick(22, "wish") {
	case 0, 1, 2, 3:
		e.step(Enter{f})
	case 4:
		e.step(Leave{f})
	case 5:
		e.step(SetBusy{f, e.pick(3, "pause") == 0})
	case 6, 7, 8, 9, 10:
		offer := &Offer{SeenAt: e.now - int64(e.pick(11, "age"))*1000}
		if at := e.l.now; offer.SeenAt > at {
			offer = nil
		}
		e.step(Invite{f, other, 60 + e.pick(200, "seconds"), offer})
	case 11, 12, 13:
		e.step(Accept{f, call, []int{0, 60, 59, 1800}[e.pick(4, "seconds")]})
	case 14:
		e.step(Decline{f, call})
	case 15:
		e.step(Rescind{f, call})
	case 16:
		e.step(KeepWaiting{f, call})
	case 17:
		e.step(Signal{f, call, "offer", body})
	case 18:
		e.step(Chat{f, call, e.pick(600, "runes"), body})
	case 19:
		e.step([]Event{Share{f, call, body}, Take{f, call}}[e.pick(2, "share or take")])
	case 20:
		e.step(End{f, call})
	case 21:
		switch e.pick(24, "rare") {
		case 0:
			e.step(Block{f, other})
		case 1:
			e.step(Report{f, other, "rude", nil})
		case 2:
			e.step(Gone{p})
		case 3:
			e.step(Changed{p})
		}
	}
}

// meet is a wish about a ring or a call that there is.
func (e *evening) meet(f From, call CallID) {
	body := []byte(fmt.Sprint(f.Person))
	switch e.pick(10, "about the meeting") {
	case 0, 1, 2:
		e.step(Accept{f, call, 0})
	case 3:
		e.step(Decline{f, call})
	case 4:
		e.step(Rescind{f, call})
	case 5:
		e.step(Signal{f, call, "answer", body})
	case 6:
		e.step(Chat{f, call, 5, body})
	case 7:
		e.step(Take{f, call})
	case 8:
		e.step(KeepWaiting{f, call})
	case 9:
		e.step(End{f, call})
	}
}

// answer settles one open question: well, badly, or by losing the answer. Writes
// are applied in their order; an answer may be for a question nobody asked.
func (e *evening) answer() {
	if len(e.asked) == 0 {
		e.step(Stored{OpID(1 << 40)})
		return
	}
	i := e.pick(len(e.asked), "which question")
	if _, ok := e.asked[i].(Store); ok {
		for i = range e.asked {
			if _, first := e.asked[i].(Store); first {
				break
			}
		}
	}
	e.resolve(i, e.pick(8, "fate"))
}

const (
	fails = 5 + iota
	getsLost
	worksButIsLost
)

func (e *evening) resolve(i, fate int) {
	q := e.asked[i]
	e.asked = append(e.asked[:i:i], e.asked[i+1:]...)
	switch q := q.(type) {
	case Store:
		if fate != fails && fate != getsLost {
			e.store.apply(q.Write)
		}
		switch fate {
		case fails:
			e.step(StoreFailed{q.Op})
		case getsLost:
		case worksButIsLost:
			if set, ok := q.Write.(CooldownSet); ok {
				e.judge.stored(set) // it holds, and who comes back reads it
			}
		default:
			e.judge.stored(q.Write)
			e.step(Stored{q.Op})
		}
	case Load:
		switch fate {
		case fails:
			e.step(LoadFailed(q))
		case getsLost, worksButIsLost:
		default:
			e.step(Loaded{q.Op, q.Person, e.store.bars(q.Person, e.now)})
		}
	case Ask:
		switch fate {
		case fails:
			e.step(Decided{Op: q.Op, Failed: true})
		case getsLost, worksButIsLost:
		default:
			e.step(Decided{Op: q.Op, Seconds: int64(e.pick(30, "cooldown")) - 10, Digest: "d"})
		}
	}
}

// silence: nobody does anything and nobody answers. Every wait must end by itself.
func (e *evening) silence() {
	end := e.now + 2*3_600_000
	for {
		at, ok := e.l.NextDeadline()
		if !ok || at > end {
			break
		}
		e.now = max(e.now, at)
		e.step(Tick{})
	}
	for id := range e.l.people {
		switch a := e.l.Activity(id); a {
		case Browsing, Paused, Outside:
		default:
			e.t.Fatalf("%d is %s for ever", id, a)
		}
	}
	if len(e.l.meetings) > 0 || len(e.l.asks) > 0 {
		e.t.Fatalf("left over: %d meetings, %d questions", len(e.l.meetings), len(e.l.asks))
	}
	e.judge.allAnswered()
}

// rest: the outside works again and everybody goes home. Nothing may remain,
// and every call that took place must have ended, for both.
func (e *evening) rest() {
	for p := range PersonID(e.people) {
		e.step(Gone{p + 1})
	}
	for range 10 {
		for len(e.asked) > 0 {
			e.resolve(0, 0)
		}
		e.now += 2 * 3_600_000
		e.step(Tick{})
	}
	if at, ok := e.l.NextDeadline(); ok {
		e.t.Fatalf("something waits for %d still", at)
	}
	if l := e.l; len(l.people)+len(l.meetings)+len(l.stores)+len(l.asks)+len(l.limbo) > 0 {
		e.t.Fatalf("remembered for ever: %d people, %d meetings, %d writes, %d questions, %d pairs in limbo",
			len(l.people), len(l.meetings), len(l.stores), len(l.asks), len(l.limbo))
	}
	e.judge.allEnded()
}

// restart: a call that nobody was told of may be open in the store, where the
// answer to its start was lost for good. The next epoch finds and ends it.
func (e *evening) restart() {
	var open []CallStart
	for call, row := range e.store.calls {
		if row.end != nil {
			continue
		}
		if open = append(open, row.start); e.judge.told[call] {
			e.t.Errorf("call %d took place and has no end in the store", call)
		}
	}
	l := New(e.rules)
	todo := l.Step(Stamp{At: e.now}, Recovered{open})
	for len(todo) > 0 {
		ef := todo[0]
		todo = todo[1:]
		switch q := ef.(type) {
		case Store:
			e.store.apply(q.Write)
			todo = append(todo, l.Step(Stamp{At: e.now}, Stored{q.Op})...)
		case Ask:
			todo = append(todo, l.Step(Stamp{At: e.now}, Decided{Op: q.Op, Seconds: 1})...)
		}
	}
	for call, row := range e.store.calls {
		if row.end == nil {
			e.t.Errorf("call %d has no end after a restart", call)
		}
	}
}

// replay: the same stamps and events, through the codec, have the same effects.
func (e *evening) replay() {
	l := New(e.rules)
	for i, ev := range e.events {
		kind, data, body, err := Encode(ev)
		if err != nil {
			e.t.Fatal(err)
		}
		if ev, err = Decode(kind, data, body); err != nil {
			e.t.Fatal(err)
		}
		if got := l.Step(e.stamps[i], ev); !reflect.DeepEqual(got, e.effects[i]) {
			e.t.Fatalf("step %d (%#v) replayed as\n%v\nwas\n%v", i+1, ev, got, e.effects[i])
		}
	}
}
