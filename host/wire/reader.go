package wire

// Reader reads the binary frames of one socket, as a client does. What it gives
// is what DecodeServer gives of the same event in JSON. The zero Reader is for a
// new socket. Not safe for concurrent use.
type Reader struct {
	// Keep says what to remember of a card that may be named again; nil: all of
	// it. Entries that come with a card have it whole, later ones what was kept.
	Keep func(RawCard) RawCard

	lobby, epoch string // of the last welcome
	cards        [HandSlots]RawCard
	people       [HandSlots]int64
}

// Read reads one frame. An event it does not know is a *FrameError with
// CodeUnknownEvent and a valid envelope, as in DecodeServer; a marker it does
// not know is ErrMarker. Raw cards may be parts of frame.
func (r *Reader) Read(frame []byte) (Envelope, Server, error) {
	if len(frame) == 0 {
		return Envelope{}, nil, badBinary("is empty")
	}
	mark, body := frame[0], frame[1:]
	switch {
	case mark == markJSON:
		return DecodeServer(body)
	case mark == markPacked:
		text, err := Unpack(nil, body, textMost)
		if err != nil {
			return Envelope{}, nil, badBinary("is not packed as it says")
		}
		return DecodeServer(text)
	case mark&^ownFrame < firstCode:
		return Envelope{}, nil, ErrMarker
	}
	c := compactReader{buf: body}
	env := Envelope{Seq: c.uvarint()}
	if env.Seq > maxSafe {
		c.fail("has a number that is too big")
	}
	code := mark &^ ownFrame
	if code == (ServerWelcome{}).code() {
		r.lobby, r.epoch = c.text(), c.text()
	}
	if mark&ownFrame == 0 {
		env.Lobby, env.Epoch = r.lobby, r.epoch
	}
	var ev Server
	switch code {
	case ServerReelFull{}.code():
		ev = r.full(&c)
	case ServerReelDelta{}.code():
		ev = r.delta(&c)
	default:
		ev = readCompact(&c, code)
	}
	if c.fault != "" {
		return Envelope{}, nil, badBinary(c.fault)
	}
	if ev == nil {
		return env, nil, &FrameError{Code: CodeUnknownEvent, Field: "t", Message: "no such event"}
	}
	return env, ev, nil
}

func badBinary(why string) *FrameError {
	return &FrameError{Code: CodeBadFrame, Message: "the frame " + why}
}

func (r *Reader) full(c *compactReader) ServerReelFull {
	return ServerReelFull{At: c.varint(), Gen: c.text(), Entries: r.entries(c)}
}

func (r *Reader) delta(c *compactReader) ServerReelDelta {
	v := ServerReelDelta{At: c.varint()}
	lists := c.octet()
	if lists&deltaCards != 0 {
		compactList(c, func(c *compactReader) struct{} {
			slot := c.octet()
			if slot >= HandSlots {
				c.fail("has a slot that cannot be")
				return struct{}{}
			}
			r.hold(c, slot, c.card())
			return struct{}{}
		})
	}
	if lists&deltaGone != 0 {
		v.Gone = compactList(c, r.person)
	}
	if lists&deltaPut != 0 {
		v.Put = r.entries(c)
	}
	if lists&deltaScore != 0 {
		var score int64
		v.Score = compactList(c, func(c *compactReader) ServerReelDeltaScore {
			id := r.person(c)
			score += c.varint()
			return ServerReelDeltaScore{ID: id, Score: score}
		})
	}
	if lists&deltaBusy != 0 {
		v.Busy = compactList(c, r.person)
	}
	if lists&deltaFree != 0 {
		v.Free = compactList(c, r.person)
	}
	return v
}

func (r *Reader) person(c *compactReader) int64 {
	i := c.octet()
	if i >= HandSlots || r.people[i] == 0 {
		c.fail("names a card that was never sent")
		return 0
	}
	return r.people[i]
}

func (r *Reader) entries(c *compactReader) []Entry {
	var score int64
	return compactList(c, func(c *compactReader) Entry {
		head := c.octet()
		i := head % HandSlots
		e := Entry{Busy: head&slotBusy != 0, Card: r.cards[i]}
		if head&slotCard != 0 {
			e.Card = c.card()
			r.hold(c, i, e.Card)
		} else if r.people[i] == 0 {
			c.fail("names a card that was never sent")
		}
		score += c.varint()
		e.Score = score
		return e
	})
}

// hold keeps a card in its slot.
func (r *Reader) hold(c *compactReader, slot byte, raw RawCard) {
	if c.fault != "" {
		return
	}
	card, err := ParseCard(raw)
	if err != nil {
		c.fail("has a card that is no card")
		return
	}
	if r.Keep != nil {
		raw = r.Keep(raw)
	} else {
		raw = append(RawCard(nil), raw...) // not the whole frame with it
	}
	r.cards[slot], r.people[slot] = raw, card.ID
}
