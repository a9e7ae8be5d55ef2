package bot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Evening lives one person's evening: a goroutine of its own (Run), one timer,
// and nothing it does waits for anybody. All choices come from Rand.
type Evening struct {
	Person *Person
	Rand   *rand.Rand
	Habits Habits
	// Host is asked about everyone else; nil: all are bots like this one.
	Host Hospitality
	// Stay is when the person goes home, as soon as they are free; zero: never.
	Stay time.Duration
	// Storm cuts everybody's line when it is closed; each comes back at some moment
	// within Within. Nil: never.
	Storm  <-chan struct{}
	Within time.Duration
	// Eager is asked before each invite whether the person is in the mood; nil: always.
	Eager func(*rand.Rand) bool

	agenda  *agenda
	winding bool
	home    bool

	entering uint32 // number of the lobby.enter that is not answered yet
	inside   bool
	asking   uint32 // number of the invite.send that does not ring yet
	ringing  int64  // the ring of ours
	invited  int64  // the ring at us
	call     int64
	caller   bool // of that call
	guest    bool // the other of that call is human
	retries  int
	retryIn  time.Duration // the server's wish, from its bye
}

// ErrOut: the server closed the socket with a code that forbids coming back.
var ErrOut = errors.New("put out")

// Run connects, enters, and lives until ctx ends, or Stay is over, or the
// server puts the person out (ErrOut). From the moment wind is closed the
// person starts nothing new and ends what runs. The connection stays open.
func (e *Evening) Run(ctx context.Context, wind <-chan struct{}) error {
	e.agenda = newAgenda(e.Person.client.Now)
	defer e.agenda.timer.Stop()
	if e.Host == nil {
		e.Host = amongBots{}
	}
	e.planInvite()
	e.planDrop(ctx)
	e.planCut(ctx)
	storm := e.Storm
	if e.Stay > 0 {
		e.agenda.in(e.Stay, "home", e.goHome)
	}
	e.comeIn(ctx, false)
	for !e.home {
		select {
		case <-ctx.Done():
			return nil
		case <-wind:
			wind = nil
			e.wind()
		case <-storm:
			storm = nil
			e.cut(ctx, between(e.Rand, 0, e.Within))
		case <-e.Person.wake:
			for _, ev := range e.Person.drain() {
				if err := e.heard(ctx, &ev); err != nil {
					return err
				}
			}
		case <-e.agenda.timer.C:
			e.agenda.due()
		}
	}
	return nil
}

// say sends; a socket that fails here fails in the reader too, which reports
// it, and the evening goes on with Closed.
func (e *Evening) say(c wire.Client) uint32 {
	ref, err := e.Person.Say(c)
	if err != nil {
		return 0
	}
	return ref
}

// comeIn opens the connection, or plans another try.
func (e *Evening) comeIn(ctx context.Context, again bool) {
	var resumed bool
	var err error
	if again {
		resumed, err = e.Person.Resume(ctx)
	} else {
		err = e.Person.Connect(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		e.Person.witness.Trouble(e.Person, "connect", err)
		e.planReturn(ctx)
		return
	}
	e.retries, e.retryIn = 0, 0
	if resumed {
		e.asking = 0 // the answer may have been lost with the line; a ring that began is told again
		if !e.inside {
			e.enter() // the wish may have been lost with the line
		}
		return
	}
	// Afresh: nothing we knew still stands.
	e.agenda.forget("ring")
	e.agenda.forget("call")
	e.inside, e.asking, e.ringing, e.invited, e.call = false, 0, 0, 0, 0
	e.enter()
}

func (e *Evening) enter() { e.entering = e.say(wire.ClientLobbyEnter{}) }

// goHome leaves the lobby, but nobody in the middle of a meeting.
func (e *Evening) goHome() {
	if !e.free() {
		e.agenda.in(5*time.Second, "home", e.goHome)
		return
	}
	e.say(wire.ClientLobbyLeave{})
	e.home = true
}

func (e *Evening) free() bool {
	return e.inside && !e.home && !e.winding && e.Person.Connected() && e.asking == 0 && e.ringing == 0 && e.invited == 0 && e.call == 0
}

// wind ends what this person may end, and starts nothing more.
func (e *Evening) wind() {
	e.winding = true
	e.agenda.forget("invite")
	e.agenda.forget("drop")
	e.agenda.forget("cut")
	e.agenda.forget("ring")
	switch {
	case e.call != 0 && e.caller:
		e.agenda.forget("call")
		e.hangUp(e.call)
	case e.ringing != 0:
		e.say(wire.ClientInviteRescind{Call: e.ringing})
	}
}

// heard reacts to one event. The error is ErrOut.
func (e *Evening) heard(ctx context.Context, ev *Event) error {
	if ev.Closed != nil {
		if c := ev.Closed.Code; c >= 4200 || c == 4101 {
			return fmt.Errorf("bot: evening: close code %d: %w", c, ErrOut)
		}
		if !e.Person.Connected() {
			e.planReturn(ctx)
		}
		return nil
	}
	switch say := ev.Say.(type) {
	case wire.ServerBye:
		e.retryIn = time.Duration(max(0, min(say.RetryMS, 60_000))) * time.Millisecond
	case wire.ServerDone:
		if e.entering != 0 && say.Ref == int64(e.entering) {
			e.entering, e.inside = 0, true
		}
	case wire.ServerError:
		e.refused(say)
	case wire.ServerSelf:
		if say.Activity == "in_call" && !say.Here && say.Call != 0 {
			e.say(wire.ClientCallTake{Call: say.Call}) // it ran on a stream that is lost
		}
	case wire.ServerInviteRinging:
		e.rings(say)
	case wire.ServerInviteIncoming:
		e.incoming(say)
	case wire.ServerInviteEnded:
		if say.Call == e.ringing || say.Call == e.invited {
			e.agenda.forget("ring")
			e.asking, e.ringing, e.invited = 0, 0, 0
		}
	case wire.ServerCallStarted:
		e.started(say)
	case wire.ServerCallSignal:
		if say.Call == e.call && say.Kind == "offer" && !e.guest {
			e.answerOffer(say.Call)
		}
	case wire.ServerCallChat:
		if say.Call == e.call && e.guest {
			e.Host.Heard(e, say.Call)
		}
	case wire.ServerCallEnded:
		if say.Call == e.call {
			e.agenda.forget("call")
			e.call = 0
		}
	}
	return nil
}

// refused clears what a refused request had begun.
func (e *Evening) refused(say wire.ServerError) {
	ref := uint32(say.Ref)
	switch {
	case ref == 0:
	case ref == e.asking:
		e.asking = 0
	case ref == e.entering:
		e.entering = 0
		e.agenda.in(max(time.Second, time.Duration(say.RetryMS)*time.Millisecond), "return", e.enter)
	}
}
