package bottest

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Binary.Subprotocol(), wire.JSON.Subprotocol()}})
	if err != nil {
		return
	}
	s.open.Add(1)
	defer s.open.Done()
	defer c.CloseNow()
	p := s.hello(c)
	if p == nil {
		_ = c.Close(4101, "no login")
		return
	}
	for {
		_, frame, err := c.Read(context.Background())
		if err != nil {
			s.mu.Lock()
			if p.conn == c {
				s.lost(p)
			}
			s.mu.Unlock()
			return
		}
		ev, ref, err := wire.DecodeClient(frame)
		s.mu.Lock()
		if err != nil {
			s.refuse(p, int64(ref), "bad_frame")
		} else {
			s.do(p, int64(ref), ev)
		}
		s.mu.Unlock()
	}
}

// hello reads the first frame; nil says that it was none.
func (s *Server) hello(c *websocket.Conn) *person {
	_, frame, err := c.Read(context.Background())
	if err != nil {
		return nil
	}
	ev, _, err := wire.DecodeClient(frame)
	h, ok := ev.(wire.ClientHello)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[s.tokens[h.Token]]
	if err != nil || !ok || p == nil {
		return nil
	}
	resumed := h.Stream != 0 && h.Stream == p.stream && h.Epoch == epoch
	if !resumed {
		s.lastID++
		p.stream, p.seq, p.kept = s.lastID, 0, map[uint64][]byte{}
	}
	p.conn, p.wire = c, wire.JSON
	if c.Subprotocol() == wire.Binary.Subprotocol() {
		p.wire = wire.Binary
	}
	s.tell(p.id, wire.ServerWelcome{You: p.id, Stream: p.stream, Resumed: resumed, Now: now(), Activity: "outside"})
	if resumed {
		for n := uint64(h.Seq) + 1; n <= p.seq; n++ {
			s.write(p, p.kept[n])
		}
		if p.in {
			s.full(p)
			s.everyone(p, wire.ServerReelDelta{At: s.step, Free: []int64{p.id}})
		}
	}
	return p
}

func now() int64 { return time.Now().UnixMilli() }

// grace is how long a meeting waits for somebody whose socket is gone.
const grace = 8 * time.Second

// lost: the socket is gone; who is in the lobby shows as busy.
func (s *Server) lost(p *person) {
	p.conn = nil
	if r := p.ring; r != nil {
		time.AfterFunc(grace, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			switch {
			case p.conn != nil || p.ring != r:
			case r.started != 0:
				s.end(r, p)
			default:
				s.noCall(r, "gone")
			}
		})
	}
	if p.in {
		s.everyone(p, wire.ServerReelDelta{At: s.step, Busy: []int64{p.id}})
	}
}

// tell sends an event to somebody, or what Tamper makes of it.
func (s *Server) tell(to int64, ev wire.Server) {
	tellings := []Telling{{to, ev}}
	if s.Tamper != nil {
		tellings = s.Tamper(to, ev)
	}
	for _, t := range tellings {
		p := s.people[t.To]
		env := wire.Envelope{Lobby: "main", Epoch: epoch}
		if t.Ev.Reliable() {
			p.seq++
			env.Seq = p.seq
		}
		frame := p.wire.Append(nil, env, t.Ev)
		if env.Seq != 0 {
			p.kept[env.Seq] = frame
		}
		s.write(p, frame)
	}
}

// write gives up on a socket that does not read.
func (s *Server) write(p *person, frame []byte) {
	if p.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	kind := websocket.MessageText
	if p.wire == wire.Binary {
		kind = websocket.MessageBinary
	}
	if err := p.conn.Write(ctx, kind, frame); err != nil {
		p.conn = nil
	}
}

func (s *Server) everyone(but *person, ev wire.Server) {
	s.step++
	for _, p := range s.people {
		if p != but && p.in {
			s.tell(p.id, ev)
		}
	}
}

func (s *Server) entry(p *person) wire.Entry {
	return wire.Entry{Card: wire.AppendCard(nil, p.card), Score: p.id, Busy: !s.Careless && (p.ring != nil || p.conn == nil)}
}

func (s *Server) full(p *person) {
	var entries []wire.Entry
	for _, o := range s.people {
		if o != p && o.in {
			entries = append(entries, s.entry(o))
		}
	}
	s.tell(p.id, wire.ServerReelFull{At: s.step, Gen: "g1", Entries: entries})
}
