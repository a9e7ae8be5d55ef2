package lobby

// maxHeld bounds the blocks that are remembered although the store refused them.
const maxHeld = 10_000

// held are bars that the store may not have, whether their people are here or not.
type held struct {
	ties  map[Pair]tie
	with  map[PersonID]map[PersonID]bool // the same by person: who enters asks for theirs alone
	first int64                          // ms: none ends before
}

func newHeld() held {
	return held{ties: map[Pair]tie{}, with: map[PersonID]map[PersonID]bool{}, first: Forever}
}

// set remembers one, if there is room for it.
func (h *held) set(pair Pair, t tie, now int64) {
	if _, ok := h.ties[pair]; !ok {
		if h.sweep(now); len(h.ties) >= maxHeld {
			return
		}
		h.link(pair.A, pair.B)
		h.link(pair.B, pair.A)
	}
	h.ties[pair] = t
	h.first = min(h.first, t.until)
}

// sweep makes room where there is none, of those that are over.
func (h *held) sweep(now int64) {
	if len(h.ties) < maxHeld || now < h.first {
		return
	}
	h.first = Forever
	for pair, t := range h.ties {
		if t.until <= now {
			h.drop(pair)
		} else {
			h.first = min(h.first, t.until)
		}
	}
}

func (h *held) drop(pair Pair) {
	delete(h.ties, pair)
	h.unlink(pair.A, pair.B)
	h.unlink(pair.B, pair.A)
	if len(h.ties) == 0 {
		h.first = Forever
	}
}

func (h *held) link(a, b PersonID) {
	if h.with[a] == nil {
		h.with[a] = map[PersonID]bool{}
	}
	h.with[a][b] = true
}

func (h *held) unlink(a, b PersonID) {
	if delete(h.with[a], b); len(h.with[a]) == 0 {
		delete(h.with, a)
	}
}
