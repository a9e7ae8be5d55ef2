package engine

import (
	"context"
	"errors"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
)

// writeJob is a write, or a load that must come after the writes before it.
type writeJob struct {
	op    lobby.OpID
	write lobby.Write
	load  *loadJob
}

type loadJob struct {
	op     lobby.OpID
	person lobby.PersonID
}

type askJob struct {
	op lobby.OpID
	c  lobby.Case
}

// company is how long a write that nobody waits for lets others join its commit.
const company = 80 * time.Millisecond

// store hands a write to the writer. The end of a call completes a row that is
// there already, and the cooldown that follows replaces one; both are there in
// time if the server dies, so they need no commit of their own.
func (e *Engine) store(x lobby.Store) {
	job := writeJob{op: x.Op, write: x.Write}
	switch w := x.Write.(type) {
	case lobby.CallEnd:
		e.write.putLazily(job, company)
		return
	case lobby.CooldownSet:
		if w.Reason == store.ReasonCall {
			e.write.putLazily(job, company)
			return
		}
	}
	e.write.put(job)
}

// maxBatch bounds one commit, so that an answer never waits for a whole backlog.
const maxBatch = 256

// runWriter commits what queued while the last commit ran: group commit
// without a timer but for what may wait (see store), and one writer keeps everyone's writes in order.
func (e *Engine) runWriter(ctx context.Context) {
	for {
		batch := e.write.takeAll(maxBatch)
		if batch == nil {
			return
		}
		var ops []lobby.OpID
		var writes []lobby.Write
		for _, j := range batch {
			if j.load == nil {
				ops = append(ops, j.op)
				writes = append(writes, j.write)
			}
		}
		if len(writes) > 0 {
			for i, err := range e.commit(ctx, writes) {
				if err != nil {
					e.deps.Log.Warn("write not stored", "write", kindOf(writes[i]), "err", err)
					e.in.answer(step{lobby.StoreFailed{Op: ops[i]}})
					continue
				}
				e.in.answer(step{lobby.Stored{Op: ops[i]}})
			}
		}
		for _, j := range batch {
			if j.load != nil {
				e.loads.put(*j.load)
			}
		}
	}
}

// commit answers each write with nil (durable) or an error that means it is
// certainly not there: a write of unknown outcome is repeated until the store
// says which, since every write may be repeated.
func (e *Engine) commit(ctx context.Context, writes []lobby.Write) []error {
	errs := e.commitOnce(ctx, writes)
	last := false // on the way out there is one more try
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		var again []lobby.Write
		var at []int
		for i, err := range errs {
			if errors.Is(err, store.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) {
				again, at = append(again, writes[i]), append(at, i)
			}
		}
		if len(again) == 0 {
			return errs
		}
		select {
		case <-time.After(pause):
		case <-e.leaving:
			if last {
				return errs // whoever asked is gone; the next start reads what is there
			}
			last = true
		}
		for i, err := range e.commitOnce(ctx, again) {
			// Once unknown, a plain failure of the repeat proves nothing about the first try.
			if err == nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
				errs[at[i]] = err
			} else {
				errs[at[i]] = store.ErrUnknown
			}
		}
	}
}

func (e *Engine) commitOnce(ctx context.Context, writes []lobby.Write) []error {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.WriteLimit)
	defer cancel()
	return e.deps.Store.Commit(ctx, writes)
}

// runLoader reads who enters: the person, their bars, their face.
func (e *Engine) runLoader(ctx context.Context) {
	for {
		jobs := e.loads.takeAll(1)
		if jobs == nil {
			return
		}
		j := jobs[0]
		m, err := e.load(ctx, j)
		if err != nil {
			e.deps.Log.Warn("person not loaded", "err", err)
			e.in.answer(step{lobby.LoadFailed{Op: j.op, Person: j.person}})
			continue
		}
		e.in.answer(m)
	}
}

func (e *Engine) load(ctx context.Context, j loadJob) (loaded, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(e.cfg.Rules.StoreWaitMS)*time.Millisecond)
	defer cancel()
	era := e.era.Load()
	p, err := e.deps.Store.Person(ctx, j.person)
	if err != nil {
		return loaded{}, err
	}
	bars, err := e.deps.Store.Bars(ctx, j.person, e.deps.Now().UnixMilli())
	if err != nil {
		return loaded{}, err
	}
	face, err := e.deps.Face(ctx, p)
	if err != nil {
		return loaded{}, err
	}
	return loaded{job: j, person: p, bars: bars, face: face, era: era}, nil
}

// runAsker puts ends of meetings before the cooldown policy.
func (e *Engine) runAsker(ctx context.Context) {
	for {
		jobs := e.asks.takeAll(1)
		if jobs == nil {
			return
		}
		e.in.answer(step{e.ask(ctx, jobs[0])})
	}
}

func (e *Engine) ask(ctx context.Context, j askJob) lobby.Decided {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(e.cfg.Rules.AskWaitMS)*time.Millisecond)
	defer cancel()
	seconds, digest, err := e.deps.Decide(ctx, j.c)
	if err != nil {
		e.deps.Log.Warn("cooldown policy failed; the rule's default stands", "what", j.c.What, "err", err)
		return lobby.Decided{Op: j.op, Failed: true}
	}
	return lobby.Decided{Op: j.op, Seconds: seconds, Digest: digest}
}

func kindOf(w lobby.Write) string {
	switch w.(type) {
	case lobby.CallStart:
		return "call start"
	case lobby.CallEnd:
		return "call end"
	case lobby.CooldownSet:
		return "cooldown"
	case lobby.BlockSet:
		return "block"
	case lobby.ReportFiled:
		return "report"
	}
	return "other"
}

// step is an event from outside the lobby's own people.
type step struct{ ev lobby.Event }

func (m step) apply(e *Engine) { e.step(m.ev) }

// loaded brings a person's face along with their bars.
type loaded struct {
	job    loadJob
	person store.Person
	bars   []lobby.Bar
	face   *reel.Face
	era    uint64 // of the face
}

func (m loaded) apply(e *Engine) {
	// A change that was stored while this was read has come first: it stands.
	if p := e.person(m.job.person); p.face == nil || p.version <= m.person.Version {
		e.wear(p, m.person, m.face)
		e.outdated(m.job.person, m.era)
	}
	e.step(lobby.Loaded{Op: m.job.op, Person: m.job.person, Bars: m.bars})
}

// changed brings a stored profile's new face.
type changed struct {
	person store.Person
	face   *reel.Face
	era    uint64 // of the face
}

func (m changed) apply(e *Engine) {
	p, here := e.people[m.person.ID]
	if !here || p.version >= m.person.Version {
		return // read at enter; or a newer one overtook it
	}
	e.wear(p, m.person, m.face)
	e.outdated(m.person.ID, m.era)
	e.step(lobby.Changed{Person: m.person.ID})
}

// Changed tells the lobby that a profile was stored. It makes the new face in
// the caller's goroutine.
func (e *Engine) Changed(ctx context.Context, p store.Person) error {
	era := e.era.Load()
	face, err := e.deps.Face(ctx, p)
	if err != nil {
		return err
	}
	e.in.answer(changed{p, face, era})
	return nil
}

// Gone tells the lobby that a person has logged out or was deleted.
func (e *Engine) Gone(id lobby.PersonID) { e.in.answer(step{lobby.Gone{Person: id}}) }

// Updated is the reel's way in: what a viewer's connections must be sent.
func (e *Engine) Updated(u reel.Update) { e.in.answer(updated{u}) }
