package wire

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// HandSlots is how many cards a client of the binary encoding holds, numbered
// from 0. The server uses the first handUsed: the twenty a reel shows and as
// many it showed before, in half a kilobyte a stream.
const (
	HandSlots = 64
	handUsed  = 40
)

// In an entry of a reel: the slot's number takes the lower six bits.
const (
	slotBusy = 0x40
	slotCard = 0x80 // a card follows, which takes the slot
)

// The lists a delta has, in the order in which they are written and applied.
const (
	deltaCards = 1 << iota // of those the lists name and the hand has not dealt yet
	deltaGone
	deltaPut
	deltaScore
	deltaBusy
	deltaFree
)

// Hand knows which cards the client at the other end of one socket holds, so
// that a card is sent once and named by a byte after that. The zero Hand is
// empty, as a new socket's is. Not safe for concurrent use.
type Hand struct {
	people [handUsed]int64
	cards  [handUsed]uint32 // the number of the card; 0: one that is to be sent again
	shown  uint64           // bit set of the slots that the client's reel shows
	next   uint8            // where the search for a slot to take begins
}

// Place is one place in a reel. Card is what PutCard made of the card; Number
// tells one card of a person from the next, 0 is a card that is sent each time.
type Place struct {
	Person int64
	Number uint32
	Card   []byte
	Score  int64
	Busy   bool
}

// Reel is what a hand can write: a ServerReelFull (Full) or a ServerReelDelta,
// with places for entries.
type Reel struct {
	At    int64
	Full  bool
	Gen   string // only with Full
	Gone  []int64
	Put   []Place
	Score []ServerReelDeltaScore
	Busy  []int64
	Free  []int64
	// Card finds the card of somebody whom the client's reel shows and this hand
	// does not know, as after a resume: what PutCard made, and its number. Nil: not
	// at hand. Without it such a reel cannot be written.
	Card func(person int64) ([]byte, uint32)
}

// PutCard encodes a card for Place, once for all reels it will stand in.
func PutCard(card RawCard) []byte { return putText(nil, card) }

// Append appends a binary frame to dst and notes what the client holds from then
// on. It returns false, and dst as it was, if the reel cannot be said so: more
// places than slots, or somebody named whose card is not at hand. AppendBinary can;
// the hand is empty then, since it does not follow what is said without it.
func (h *Hand) Append(dst []byte, u Reel) ([]byte, bool) {
	w := handWriter{hand: h, b: dst, ok: true}
	if u.Full {
		h.shown = 0
		w.head(ServerReelFull{}.code(), u.At)
		w.b = putText(w.b, u.Gen)
		w.places(u.Put)
	} else {
		w.head(ServerReelDelta{}.code(), u.At)
		w.delta(u)
	}
	if !w.ok {
		*h = Hand{}
		return dst, false
	}
	return w.b, true
}

func (h *Hand) slot(person int64) int {
	for i, p := range h.people {
		if p == person {
			return i
		}
	}
	return -1
}

// take finds a slot for another card: an empty one, or one that has not been
// taken for the longest and is not shown. -1 if all are shown.
func (h *Hand) take() int {
	if bits.OnesCount64(h.shown) == handUsed {
		return -1
	}
	for h.shown&(1<<h.next) != 0 {
		h.next = (h.next + 1) % handUsed
	}
	i := h.next
	h.next = (h.next + 1) % handUsed
	return int(i)
}

type handWriter struct {
	hand *Hand
	b    []byte
	ok   bool
}

// head: a reel is the lobby's, and never numbered.
func (w *handWriter) head(code byte, at int64) {
	w.b = append(w.b, code, 0)
	w.b = binary.AppendVarint(w.b, at)
}

func (w *handWriter) delta(u Reel) {
	cards, dealt := w.deal(u)
	var lists byte
	for i, n := range [...]int{dealt, len(u.Gone), len(u.Put), len(u.Score), len(u.Busy), len(u.Free)} {
		if n > 0 {
			lists |= 1 << i
		}
	}
	w.b = append(w.b, lists)
	if dealt > 0 {
		w.b = append(binary.AppendUvarint(w.b, uint64(dealt)), cards...)
	}
	if !w.ok {
		return
	}
	if lists&deltaGone != 0 {
		w.slots(u.Gone)
		for _, p := range u.Gone {
			if i := w.hand.slot(p); i >= 0 {
				w.hand.shown &^= 1 << i
			}
		}
	}
	if lists&deltaPut != 0 {
		w.places(u.Put)
	}
	if lists&deltaScore != 0 {
		w.b = binary.AppendUvarint(w.b, uint64(len(u.Score)))
		var before int64
		for _, s := range u.Score {
			w.slotOf(s.ID)
			w.b = binary.AppendVarint(w.b, s.Score-before)
			before = s.Score
		}
	}
	if lists&deltaBusy != 0 {
		w.slots(u.Busy)
	}
	if lists&deltaFree != 0 {
		w.slots(u.Free)
	}
}

// deal gives slots to those whom u names without a card though the hand does not
// know them: the client's reel shows them, but on another socket.
func (w *handWriter) deal(u Reel) (cards []byte, n int) {
	learn := func(person int64) {
		if w.hand.slot(person) >= 0 {
			return
		}
		var card []byte
		var number uint32
		if u.Card != nil {
			card, number = u.Card(person)
		}
		i := w.hand.take()
		if card == nil || i < 0 {
			w.ok = false
			return
		}
		w.hand.people[i], w.hand.cards[i] = person, number
		w.hand.shown |= 1 << i
		cards = append(append(cards, byte(i)), card...)
		n++
	}
	put := func(person int64) bool { // comes with a card of their own, before these lists are read
		return slices.ContainsFunc(u.Put, func(p Place) bool { return p.Person == person })
	}
	for _, p := range u.Gone {
		learn(p)
	}
	for _, people := range [...][]int64{u.Busy, u.Free} {
		for _, p := range people {
			if !put(p) {
				learn(p)
			}
		}
	}
	for _, s := range u.Score {
		if !put(s.ID) {
			learn(s.ID)
		}
	}
	return cards, n
}

func (w *handWriter) slotOf(person int64) {
	i := w.hand.slot(person)
	w.ok = w.ok && i >= 0
	w.b = append(w.b, byte(i))
}

func (w *handWriter) slots(people []int64) {
	w.b = binary.AppendUvarint(w.b, uint64(len(people)))
	for _, p := range people {
		w.slotOf(p)
	}
}

func (w *handWriter) places(put []Place) {
	h := w.hand
	w.b = binary.AppendUvarint(w.b, uint64(len(put)))
	var before int64
	for _, x := range put {
		i := h.slot(x.Person)
		known := i >= 0 && x.Number != 0 && h.cards[i] == x.Number
		if i < 0 {
			i = h.take()
		}
		if i < 0 {
			w.ok = false
			return
		}
		h.people[i], h.cards[i] = x.Person, x.Number
		h.shown |= 1 << i
		entry := byte(i)
		if x.Busy {
			entry |= slotBusy
		}
		if !known {
			entry |= slotCard
		}
		w.b = append(w.b, entry)
		if !known {
			w.b = append(w.b, x.Card...)
		}
		w.b = binary.AppendVarint(w.b, x.Score-before)
		before = x.Score
	}
}
