package lobby

// Rest is all there is to a lobby that knows nobody and waits for nothing: made
// again from it (Restart), it goes on exactly as this one would.
type Rest struct {
	Seq uint64 `json:"seq"` // steps so far
	Op  OpID   `json:"op"`  // the last one given out
	Now int64  `json:"now"` // Unix ms, the latest stamp
}

// AtRest answers what the lobby can be made again from; ok is false while
// somebody is known here, or something is under way or held.
func (l *Lobby) AtRest() (r Rest, ok bool) {
	if len(l.people)+len(l.meetings)+len(l.stores)+len(l.asks)+len(l.held.ties)+len(l.limbo)+l.timers.Len() > 0 {
		return Rest{}, false
	}
	return Rest{Seq: l.seq, Op: l.lastOp, Now: l.now}, true
}

// Restart makes the lobby that was at rest.
func Restart(rules Rules, r Rest) *Lobby {
	l := New(rules)
	l.seq, l.lastOp, l.now = r.Seq, r.Op, min(r.Now, latest)
	return l
}
