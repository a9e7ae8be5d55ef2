package journal

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// story is a random evening straight on a lobby: people do whatever comes to
// their minds, the outside answers now or later or badly.
type story struct {
	t      *rapid.T
	lobby  *lobby.Lobby
	now    int64
	seed   uint64
	people []lobby.PersonID
	calls  []lobby.CallID
	asked  []lobby.Effect
	step   func(lobby.Stamp, lobby.Event, []lobby.Effect)
	row    func(lobby.PersonID, policy.Person)
}

// someID is too long to be found in a journal by chance.
var someID = rapid.Custom(func(t *rapid.T) lobby.PersonID {
	return lobby.PersonID(rapid.Int64Range(1<<40, 1<<50).Draw(t, "id"))
})

func newStory(t *rapid.T, h Header) *story {
	s := &story{t: t, lobby: lobby.New(h.Rules), now: h.Started,
		people: rapid.SliceOfNDistinct(someID, 2, 6, rapid.ID).Draw(t, "people"),
		step:   func(lobby.Stamp, lobby.Event, []lobby.Effect) {}, row: func(lobby.PersonID, policy.Person) {}}
	return s
}

func (s *story) do(ev lobby.Event) {
	s.now += rapid.SampledFrom([]int64{0, 1, 500, 21_000}).Draw(s.t, "pause")
	s.seed += 1 << 20
	at := lobby.Stamp{At: s.now, Seed: s.seed}
	effects := s.lobby.Step(at, ev)
	for _, ef := range effects {
		switch ef := ef.(type) {
		case lobby.Store, lobby.Ask, lobby.Load:
			s.asked = append(s.asked, ef)
		case lobby.Tell:
			if n, ok := ef.Notice.(lobby.Incoming); ok {
				s.calls = append(s.calls, n.Call)
			}
		case lobby.Feed:
			if n, ok := ef.News.(lobby.Entered); ok {
				s.row(n.Person, policy.Person{Gender: 1, Seeking: 2, Age: uint8(n.Person % 60), Tags: uint64(n.Person)})
			}
		}
	}
	s.step(at, ev, effects)
}

func (s *story) answer() {
	i := rapid.IntRange(0, len(s.asked)-1).Draw(s.t, "question")
	q := s.asked[i]
	s.asked = append(s.asked[:i:i], s.asked[i+1:]...)
	good := rapid.IntRange(0, 5).Draw(s.t, "luck") > 0
	switch q := q.(type) {
	case lobby.Store:
		if good {
			s.do(lobby.Stored{Op: q.Op})
		} else {
			s.do(lobby.StoreFailed{Op: q.Op})
		}
	case lobby.Ask:
		s.do(lobby.Decided{Op: q.Op, Seconds: 60, Failed: !good})
	case lobby.Load:
		var bars []lobby.Bar
		for _, o := range s.people {
			if rapid.IntRange(0, 9).Draw(s.t, "barred") == 0 {
				bars = append(bars, lobby.Bar{Other: o, Until: s.now + 30_000, Reason: "call", Met: 1})
			}
		}
		s.do(lobby.Loaded{Op: q.Op, Person: q.Person, Bars: bars})
	}
}

func (s *story) someone(what string) lobby.PersonID {
	return rapid.SampledFrom(s.people).Draw(s.t, what)
}

func (s *story) act() {
	p := s.someone("who")
	from := lobby.From{Person: p, Conn: lobby.ConnID(p%1000 + 1), Ref: 1}
	var call lobby.CallID
	if len(s.calls) > 0 {
		call = rapid.SampledFrom(s.calls[max(0, len(s.calls)-3):]).Draw(s.t, "call")
	}
	switch n := rapid.IntRange(0, 20).Draw(s.t, "what"); {
	case n <= 5 && len(s.asked) > 0:
		s.answer()
	case n <= 7:
		s.do(lobby.Connect{Person: p, Conn: from.Conn})
		s.do(lobby.Enter{From: from})
	case n <= 10:
		s.do(lobby.Invite{From: from, To: s.someone("whom"), Seconds: 300, Offer: &lobby.Offer{Score: 1, Generation: "g/1", SeenAt: s.now}})
	case n <= 13:
		s.do(lobby.Accept{From: from, Call: call})
	case n == 14:
		s.do(lobby.Decline{From: from, Call: call})
	case n == 15:
		s.do(lobby.End{From: from, Call: call})
	case n == 16:
		s.do(lobby.Chat{From: from, Call: call, Runes: 6, Body: []byte("secret")})
	case n == 17:
		s.do(lobby.Block{From: from, Other: s.someone("whom")})
	case n == 18:
		s.do(lobby.Disconnect{Person: p, Conn: from.Conn})
	case n == 19:
		s.do(lobby.Gone{Person: p})
	default:
		s.do(lobby.Tick{})
	}
}

// goHome ends an evening: everyone leaves, what is asked is answered, time passes.
func (s *story) goHome() {
	for range 3 {
		for _, p := range s.people {
			s.do(lobby.Gone{Person: p})
		}
		for len(s.asked) > 0 {
			s.answer()
		}
		s.now += 3600_000
		s.do(lobby.Tick{})
	}
}

// mentions tells whether a journal's text has this id as a number.
func mentions(text string, id lobby.PersonID) bool {
	want := fmt.Sprint(int64(id))
	for i := 0; i+len(want) <= len(text); i++ {
		if text[i:i+len(want)] == want && !digit(text, i-1) && !digit(text, i+len(want)) {
			return true
		}
	}
	return false
}

func digit(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
