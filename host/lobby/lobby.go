package lobby

// Lobby is one evening's state. Make it with New; the owner calls Step.
type Lobby struct {
	rules Rules

	now    int64 // ms, the latest stamp seen
	seed   uint64
	seq    uint64
	lastOp OpID
	out    []Effect

	present, free, calls int // kept as they change, for Counts

	people   map[PersonID]*person
	meetings map[CallID]*meeting // ringing, settling or in a call
	stores   map[OpID]*storing
	asks     map[OpID]*asking
	held     held
	limbo    map[Pair]bool // pairs whose call was called off while it was being stored
	timers   timers
}

// latest bounds the stamps, so that adding any rule's duration cannot overflow.
const latest = int64(1) << 60

// New makes an empty lobby. A restarted one is given Recovered as its first event.
func New(rules Rules) *Lobby {
	return &Lobby{
		rules:    rules,
		people:   map[PersonID]*person{},
		meetings: map[CallID]*meeting{},
		stores:   map[OpID]*storing{},
		asks:     map[OpID]*asking{},
		held:     newHeld(),
		limbo:    map[Pair]bool{},
	}
}

// Step does whatever is due at the stamp, then what the event says, and returns
// what must happen outside, in this order. The slice belongs to the caller.
// A stamp earlier than one before it counts as the latest one. Events that make
// no sense (of unknown people, to unknown questions) are refused or ignored.
func (l *Lobby) Step(at Stamp, ev Event) []Effect {
	l.seq++
	l.now = max(l.now, min(at.At, latest))
	l.seed = at.Seed
	l.fire()
	l.dispatch(ev)
	out := l.out
	l.out = nil
	return out
}

func (l *Lobby) dispatch(ev Event) {
	switch e := ev.(type) {
	case Connect:
		l.connect(e)
	case Disconnect:
		l.disconnect(e)
	case Gone:
		l.gone(e)
	case Changed:
		l.changed(e)
	case Enter:
		l.enter(e)
	case Leave:
		l.leave(e)
	case SetBusy:
		l.setBusy(e)
	case Invite:
		l.invite(e)
	case Accept:
		l.accept(e)
	case Decline:
		l.decline(e)
	case Rescind:
		l.rescind(e)
	case KeepWaiting:
		l.keepWaiting(e)
	case Signal:
		l.signal(e)
	case Chat:
		l.chat(e)
	case Share:
		l.share(e)
	case Take:
		l.take(e)
	case End:
		l.end(e)
	case Block:
		l.block(e)
	case Report:
		l.report(e)
	case Loaded:
		l.loaded(e)
	case LoadFailed:
		l.loadFailed(e.Op, e.Person)
	case Stored:
		l.answered(e.Op, stored)
	case StoreFailed:
		l.answered(e.Op, failed)
	case Decided:
		l.decided(e)
	case Recovered:
		l.recovered(e)
	case Tick:
	}
}

func (l *Lobby) emit(e Effect) { l.out = append(l.out, e) }

func (l *Lobby) feed(n News) { l.emit(Feed{Seq: l.seq, News: n}) }

// tell sends a notice to one connection of a person, or (0) to each.
func (l *Lobby) tell(to PersonID, conn ConnID, n Notice) {
	l.emit(Tell{To: to, Conn: conn, Notice: n})
}

// tellAll sends a notice to each of a person's connections; nobody hears it if
// there are none.
func (l *Lobby) tellAll(p *person, n Notice) {
	if len(p.conns) > 0 {
		l.tell(p.id, 0, n)
	}
}

// done and refuse answer a request, once; Ref 0 asked for no answer.
func (l *Lobby) done(f From) {
	if f.Ref != 0 {
		l.tell(f.Person, f.Conn, Done{Ref: f.Ref})
	}
}

func (l *Lobby) refuse(f From, code Code) { l.refuseWith(f, Refused{Code: code}) }

func (l *Lobby) refuseWith(f From, r Refused) {
	if f.Ref != 0 {
		r.Ref = f.Ref
		l.tell(f.Person, f.Conn, r)
	}
}
