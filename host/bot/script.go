package bot

import (
	"context"
	"fmt"
	"slices"

	"github.com/napalmsky/napalmsky/host/wire"
)

// The methods here drive a person by hand: requests wait for the server's
// done or error, Wait… methods for what others cause.

// Refusal is an error event that answered a request.
type Refusal struct{ wire.ServerError }

func (r *Refusal) Error() string {
	return fmt.Sprintf("bot: refused: %s %s %s", r.Code, r.Field, r.Message)
}

// Do says one thing and waits for its answer: nil, or a *Refusal.
func (p *Person) Do(ctx context.Context, c wire.Client) error {
	ref, err := p.Say(c)
	if err != nil {
		return err
	}
	return p.Answer(ctx, ref)
}

// Answer waits for the answer to the request of that number: nil, or a *Refusal.
func (p *Person) Answer(ctx context.Context, ref uint32) error {
	ev, err := p.Await(ctx, func(ev *Event) bool { return answers(ev, ref) })
	if err != nil {
		return fmt.Errorf("bot: no answer to request %d: %w", ref, err)
	}
	if e, ok := ev.Say.(wire.ServerError); ok {
		return &Refusal{e}
	}
	return nil
}

func answers(ev *Event, ref uint32) bool {
	switch say := ev.Say.(type) {
	case wire.ServerDone:
		return say.Ref == int64(ref)
	case wire.ServerError:
		return say.Ref == int64(ref)
	}
	return false
}

// Enter the lobby and watch the reel.
func (p *Person) Enter(ctx context.Context) error { return p.Do(ctx, wire.ClientLobbyEnter{}) }

// Leave the lobby.
func (p *Person) Leave(ctx context.Context) error { return p.Do(ctx, wire.ClientLobbyLeave{}) }

// SetBusy pauses or resumes being shown.
func (p *Person) SetBusy(ctx context.Context, busy bool) error {
	return p.Do(ctx, wire.ClientLobbyBusy{Busy: busy})
}

// Invite asks somebody for a call of so many seconds and returns the ringing,
// or a *Refusal. At glare no ringing follows; use Say and WaitCall to test that.
func (p *Person) Invite(ctx context.Context, to int64, seconds int) (wire.ServerInviteRinging, error) {
	ref, err := p.Say(wire.ClientInviteSend{To: to, Seconds: int64(seconds)})
	if err != nil {
		return wire.ServerInviteRinging{}, err
	}
	ev, err := p.Await(ctx, func(ev *Event) bool {
		switch say := ev.Say.(type) {
		case wire.ServerError:
			return say.Ref == int64(ref)
		case wire.ServerInviteRinging:
			return CardOf(say.Other).ID == to
		}
		return false
	})
	if err != nil {
		return wire.ServerInviteRinging{}, fmt.Errorf("bot: invite: %w", err)
	}
	if e, ok := ev.Say.(wire.ServerError); ok {
		return wire.ServerInviteRinging{}, &Refusal{e}
	}
	return ev.Say.(wire.ServerInviteRinging), nil
}

// Accept an invite; seconds 0 agrees to what was asked. WaitCall follows.
func (p *Person) Accept(ctx context.Context, call int64, seconds int) error {
	return p.Do(ctx, wire.ClientInviteAccept{Call: call, Seconds: int64(seconds)})
}

// Decline an invite.
func (p *Person) Decline(ctx context.Context, call int64) error {
	return p.Do(ctx, wire.ClientInviteDecline{Call: call})
}

// Rescind an invite of one's own.
func (p *Person) Rescind(ctx context.Context, call int64) error {
	return p.Do(ctx, wire.ClientInviteRescind{Call: call})
}

// KeepWaiting prolongs the ring of an invite of one's own.
func (p *Person) KeepWaiting(ctx context.Context, call int64) error {
	return p.Do(ctx, wire.ClientInviteWait{Call: call})
}

// Signal relays an offer, answer or candidate. The server answers only if it
// refuses; Answer finds that by the returned number.
func (p *Person) Signal(call int64, kind, data string) (uint32, error) {
	return p.Say(wire.ClientCallSignal{Call: call, Kind: kind, Data: data})
}

// Chat says a line to the other.
func (p *Person) Chat(ctx context.Context, call int64, text string) error {
	return p.Do(ctx, wire.ClientCallChat{Call: call, Text: text})
}

// Share shows the other one's socials.
func (p *Person) Share(ctx context.Context, call int64) error {
	return p.Do(ctx, wire.ClientCallShare{Call: call})
}

// Take carries a call on over this connection.
func (p *Person) Take(ctx context.Context, call int64) error {
	return p.Do(ctx, wire.ClientCallTake{Call: call})
}

// End a call.
func (p *Person) End(ctx context.Context, call int64) error {
	return p.Do(ctx, wire.ClientCallEnd{Call: call})
}

// Block somebody.
func (p *Person) Block(ctx context.Context, id int64) error {
	return p.Do(ctx, wire.ClientPersonBlock{Person: id})
}

// Report somebody; reason is one of the wire schema's.
func (p *Person) Report(ctx context.Context, id int64, reason, note string) error {
	return p.Do(ctx, wire.ClientPersonReport{Person: id, Reason: reason, Note: note})
}

// Next takes the oldest event nobody has taken.
func (p *Person) Next(ctx context.Context) (Event, error) {
	return p.Await(ctx, func(*Event) bool { return true })
}

// Await takes the oldest event that matches; others stay for later.
func (p *Person) Await(ctx context.Context, match func(*Event) bool) (Event, error) {
	for {
		p.mu.Lock()
		if i := slices.IndexFunc(p.inbox, func(ev Event) bool { return match(&ev) }); i >= 0 {
			ev := p.inbox[i]
			p.inbox = slices.Delete(p.inbox, i, i+1)
			p.mu.Unlock()
			return ev, nil
		}
		p.mu.Unlock()
		select {
		case <-p.wake:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// AwaitSay takes the oldest event of one kind, for instance
// AwaitSay[wire.ServerCallChat](ctx, p).
func AwaitSay[T wire.Server](ctx context.Context, p *Person) (T, error) {
	ev, err := p.Await(ctx, func(ev *Event) bool { _, ok := ev.Say.(T); return ok })
	if err != nil {
		var none T
		return none, fmt.Errorf("bot: await %s: %w", none.Name(), err)
	}
	return ev.Say.(T), nil
}

// WaitIncoming waits for an invite.
func (p *Person) WaitIncoming(ctx context.Context) (wire.ServerInviteIncoming, error) {
	return AwaitSay[wire.ServerInviteIncoming](ctx, p)
}

// WaitCall waits for a call to start, or to be carried on.
func (p *Person) WaitCall(ctx context.Context) (wire.ServerCallStarted, error) {
	return AwaitSay[wire.ServerCallStarted](ctx, p)
}

// WaitEnd waits for a call to end.
func (p *Person) WaitEnd(ctx context.Context) (wire.ServerCallEnded, error) {
	return AwaitSay[wire.ServerCallEnded](ctx, p)
}

// WaitClosed waits until the server or the network closes the socket.
func (p *Person) WaitClosed(ctx context.Context) (Closed, error) {
	ev, err := p.Await(ctx, func(ev *Event) bool { return ev.Closed != nil })
	if err != nil {
		return Closed{}, fmt.Errorf("bot: await close: %w", err)
	}
	return *ev.Closed, nil
}

// Reel is what the person sees now, best first.
func (p *Person) Reel() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reel.Entries()
}

// WaitReel waits until the reel on screen satisfies ok, and returns it. The
// events that made it stay awaitable.
func (p *Person) WaitReel(ctx context.Context, ok func([]Entry) bool) ([]Entry, error) {
	for {
		p.mu.Lock()
		full, entries := p.reel.Full(), p.reel.Entries()
		p.mu.Unlock()
		if full && ok(entries) {
			return entries, nil
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return entries, fmt.Errorf("bot: await reel (%d in it): %w", len(entries), ctx.Err())
		}
	}
}

// Sees is a condition for WaitReel: all of these are shown and can be invited.
func Sees(ids ...int64) func([]Entry) bool {
	return func(es []Entry) bool {
		for _, id := range ids {
			if !slices.ContainsFunc(es, func(e Entry) bool { return e.Card.ID == id && !e.Busy }) {
				return false
			}
		}
		return true
	}
}

// Misses is a condition for WaitReel: none of these is shown.
func Misses(ids ...int64) func([]Entry) bool {
	return func(es []Entry) bool {
		return !slices.ContainsFunc(es, func(e Entry) bool { return slices.Contains(ids, e.Card.ID) })
	}
}
