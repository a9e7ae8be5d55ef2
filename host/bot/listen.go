package bot

import (
	"context"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

// listen reads one socket until it ends.
func (p *Person) listen(l *link) {
	defer close(l.done)
	for {
		kind, frame, err := l.conn.Read(context.Background())
		if err != nil {
			p.lost(l, err)
			return
		}
		p.client.Meter.MsgIn.Add(1)
		ev, err := l.decode(kind, frame, p.client.Now())
		if err != nil {
			p.witness.Trouble(p, "bad_frame", err)
		}
		if ev.Say != nil {
			p.hear(l, &ev, len(frame))
		}
	}
}

// lost says so, unless we cut the line ourselves.
func (p *Person) lost(l *link, err error) {
	_ = l.conn.CloseNow() // only frees what the library holds
	p.mu.Lock()
	cut := l.cut
	if p.link == l {
		p.link = nil
		p.stopAck()
	}
	p.mu.Unlock()
	if cut {
		return
	}
	code := int(websocket.CloseStatus(err))
	kind := "closed_abruptly"
	if code >= 0 {
		kind = fmt.Sprintf("closed_%d", code)
	}
	p.witness.Trouble(p, kind, err)
	p.mu.Lock()
	p.push(Event{At: p.client.Now(), Closed: &Closed{Code: code, Err: err}})
	p.mu.Unlock()
}

// hear checks an event against what came before, keeps what the person must
// know, tells the witness and files it.
func (p *Person) hear(l *link, ev *Event, size int) {
	p.mu.Lock()
	if l.cut {
		p.mu.Unlock()
		return // said to a socket we had given up; the resumed stream says it again
	}
	kind, err := p.check(ev)
	p.owe(ev, size)
	p.mu.Unlock()
	if err != nil {
		p.witness.Trouble(p, kind, err)
	}
	if kind == "seq_repeat" {
		return
	}
	p.witness.Heard(p, ev)
	p.mu.Lock()
	p.push(*ev)
	p.mu.Unlock()
	if w, ok := ev.Say.(wire.ServerWelcome); ok {
		select {
		case l.welcome <- w:
		default: // a second welcome on one socket; the first one counts
		}
	}
}

// check returns the kind of breach of promise, if ev is one. It runs under mu.
func (p *Person) check(ev *Event) (kind string, err error) {
	switch say := ev.Say.(type) {
	case wire.ServerWelcome:
		if say.Resumed && (say.Stream != p.stream || ev.Env.Epoch != p.epoch) {
			kind, err = "resume_mismatch", fmt.Errorf("bot: welcome resumed %d/%s, asked for %d/%s", say.Stream, ev.Env.Epoch, p.stream, p.epoch)
		}
		if say.You != p.ID {
			kind, err = "wrong_person", fmt.Errorf("bot: welcome says we are %d, not %d", say.You, p.ID)
		}
		if !say.Resumed {
			// The same stream may start afresh when what was missed is lost for good.
			p.seq, p.rebase = 0, say.Stream == p.stream && ev.Env.Epoch == p.epoch
			p.reel.Clear()
		}
		p.stream, p.epoch = say.Stream, ev.Env.Epoch
		return kind, err
	case wire.ServerReelFull:
		return "reel_mismatch", p.reel.Replace(say)
	case wire.ServerReelDelta:
		return "reel_mismatch", p.reel.Apply(say)
	}
	if ev.Env.Seq == 0 {
		return "", nil
	}
	last := p.seq
	if ev.Env.Seq <= last {
		return "seq_repeat", fmt.Errorf("bot: %s has number %d after %d", ev, ev.Env.Seq, last)
	}
	fresh := p.rebase
	p.seq, p.rebase = ev.Env.Seq, false
	if ev.Env.Seq != last+1 && !fresh {
		return "seq_gap", fmt.Errorf("bot: %s has number %d after %d", ev, ev.Env.Seq, last)
	}
	return "", nil
}

// owe plans an acknowledgement: soon, or at once when much is owed. It is sent
// from the timer's goroutine, so that reading never waits for writing. It runs
// under mu.
func (p *Person) owe(ev *Event, size int) {
	if ev.Env.Seq == 0 {
		return
	}
	p.owedEvents++
	p.owedBytes += size
	after, much := ackDelay, p.owedEvents >= ackEvents || p.owedBytes >= ackBytes
	switch {
	case much && !p.owedMuch:
		after, p.owedMuch = 0, true
	case p.owedEvents > 1:
		return // planned already
	}
	if p.ackTimer == nil {
		p.ackTimer = time.AfterFunc(after, p.ack)
	} else {
		p.ackTimer.Reset(after)
	}
}

// stopAck runs under mu.
func (p *Person) stopAck() {
	if p.ackTimer != nil {
		p.ackTimer.Stop()
	}
}

// ack acknowledges everything seen so far.
func (p *Person) ack() {
	p.mu.Lock()
	if p.owedEvents == 0 || p.link == nil {
		p.mu.Unlock()
		return
	}
	p.owedEvents, p.owedBytes, p.owedMuch = 0, 0, false
	p.stopAck()
	seq := p.seq
	p.mu.Unlock()
	// A socket that fails here fails in listen too, which reports it.
	_ = p.say(0, wire.ClientAck{Seq: int64(seq)})
}

// push files an event and wakes whoever waits. It runs under mu.
func (p *Person) push(ev Event) {
	if len(p.inbox) >= inboxMax {
		p.inbox = append(p.inbox[:0], p.inbox[inboxMax/2:]...) // nobody listens; keep the newer half
	}
	p.inbox = append(p.inbox, ev)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// drain takes all that has come.
func (p *Person) drain() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	evs := p.inbox
	p.inbox = nil
	return evs
}
