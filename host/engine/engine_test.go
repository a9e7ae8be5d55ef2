package engine_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/engine"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/host/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everyone is a reel that offers everybody to everybody.
type everyone struct {
	mu   sync.Mutex
	news []lobby.News
}

func (r *everyone) Feed(it reel.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.news = append(r.news, it.News)
}

func (r *everyone) Offer(_, _ lobby.PersonID, now int64) *lobby.Offer {
	return &lobby.Offer{Score: 1, Generation: "test/1", SeenAt: now}
}

// tab is a socket end: it keeps what it is sent.
type tab struct {
	t       *testing.T
	mu      sync.Mutex
	frames  [][]byte
	dropped conn.CloseCode
	read    int
	reader  wire.Reader // used where binary is set
	binary  bool
	behind  bool
}

func (s *tab) Encoding() wire.Encoding {
	if s.binary {
		return wire.Binary
	}
	return wire.JSON
}

func (s *tab) Send(f []byte) { s.mu.Lock(); s.frames = append(s.frames, f); s.mu.Unlock() }

func (s *tab) TrySend(f []byte) bool {
	s.mu.Lock()
	behind := s.behind
	s.mu.Unlock()
	if !behind {
		s.Send(f)
	}
	return !behind
}

// full makes the tab take no reels, or take them again.
func (s *tab) full(yes bool) { s.mu.Lock(); s.behind = yes; s.mu.Unlock() }

func (s *tab) Drop(c conn.CloseCode) { s.mu.Lock(); s.dropped = c; s.mu.Unlock() }

// next returns what arrived since the last call.
func (s *tab) next() (envs []wire.Envelope, evs []wire.Server) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; s.read < len(s.frames); s.read++ {
		decode := wire.DecodeServer
		if s.binary {
			decode = s.reader.Read
		}
		env, ev, err := decode(s.frames[s.read])
		if err != nil {
			s.t.Fatalf("server sent %s: %v", s.frames[s.read], err)
		}
		envs, evs = append(envs, env), append(evs, ev)
	}
	return envs, evs
}

// find returns the latest arrived event of a kind and forgets all that arrived.
func find[E wire.Server](s *tab) E {
	s.t.Helper()
	_, evs := s.next()
	for i := len(evs) - 1; i >= 0; i-- {
		if e, ok := evs[i].(E); ok {
			return e
		}
	}
	var none E
	s.t.Fatalf("no %s among %+v", none.Name(), evs)
	return none
}

// evening is an engine in a synctest bubble with a store that can fail.
type evening struct {
	t     *testing.T
	store *storetest.Faulty
	reel  *everyone
	back  conn.Backend
	eng   *engine.Engine
	stop  func()
	seed  uint64
}

var epochs int

func start(t *testing.T, st store.Store, wrap func(conn.Backend) conn.Backend) *evening {
	t.Helper()
	faulty, ok := st.(*storetest.Faulty)
	if !ok {
		faulty = storetest.NewFaulty(st, nil)
	}
	v := &evening{t: t, store: faulty, reel: &everyone{}}
	epochs++
	v.seed = uint64(epochs) << 40
	v.eng = engine.New(engine.Config{Lobby: "main", Epoch: time.Now().String(), Rules: lobby.DefaultRules()}, engine.Deps{
		Store: faulty, Reel: v.reel, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Seed: func() uint64 { v.seed += 1 << 13; return v.seed },
		ICE: func(p lobby.PersonID, now time.Time) ([]wire.ICEServer, int64) {
			return []wire.ICEServer{{URLs: []string{"turn:relay"}, Username: "u", Credential: "c"}}, now.Add(time.Hour).UnixMilli()
		},
		Decide: func(_ context.Context, c lobby.Case) (int64, string, error) { return 7200, "sha256:test", nil },
		Face: func(_ context.Context, p store.Person) (*reel.Face, error) {
			return &reel.Face{Card: wire.AppendCard(nil, wire.Card{ID: int64(p.ID), V: p.Version, Name: p.Profile.Name})}, nil
		},
	})
	v.back = v.eng
	if wrap != nil {
		v.back = wrap(v.eng)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- v.eng.Run(ctx) }()
	<-v.eng.Started()
	v.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	return v
}

func people(t *testing.T, ids ...lobby.PersonID) store.Store {
	t.Helper()
	st := storetest.NewMemory()
	for _, id := range ids {
		p := store.Person{ID: id, Guest: true, Version: 1, CreatedAt: 1, Profile: store.Profile{Name: "Ada", Age: 30, AgeMin: 18, AgeMax: 120,
			Socials: []store.Social{{Kind: "mastodon", Handle: "@ada"}}}}
		s := store.Session{TokenHash: string(rune('a' + id)), Person: id, CreatedAt: 1, ExpiresAt: 1 << 50}
		if err := st.SignUp(t.Context(), p, s); err != nil {
			t.Fatal(err)
		}
	}
	return st
}

func (v *evening) open(p lobby.PersonID, r conn.Resume) (*tab, lobby.ConnID) {
	v.t.Helper()
	s := &tab{t: v.t}
	id, err := v.back.Attach(v.t.Context(), p, r, s)
	if err != nil {
		v.t.Fatal(err)
	}
	return s, id
}

func (v *evening) post(ev lobby.Event) {
	v.t.Helper()
	if err := v.back.Post(ev); err != nil {
		v.t.Fatal(err)
	}
	synctest.Wait()
}

func (v *evening) enter(p lobby.PersonID) (*tab, lobby.ConnID) {
	s, c := v.open(p, conn.Resume{})
	v.post(lobby.Enter{From: lobby.From{Person: p, Conn: c, Ref: 1}})
	if got := find[wire.ServerDone](s); got.Ref != 1 {
		v.t.Fatalf("enter answered %+v", got)
	}
	return s, c
}

// call brings two people into a call and returns its id.
func (v *evening) call(a *tab, pa lobby.PersonID, ca lobby.ConnID, b *tab, pb lobby.PersonID, cb lobby.ConnID) lobby.CallID {
	v.t.Helper()
	v.post(lobby.Invite{From: lobby.From{Person: pa, Conn: ca, Ref: 2}, To: pb, Seconds: 300})
	ring := find[wire.ServerInviteIncoming](b)
	id := lobby.CallID(ring.Call)
	v.post(lobby.Accept{From: lobby.From{Person: pb, Conn: cb, Ref: 3}, Call: id})
	started := find[wire.ServerCallStarted](a)
	if started.Seconds != 300 || started.Polite || len(started.ICEServers) != 1 || started.ICEUntil != started.StartedAt+time.Hour.Milliseconds() {
		v.t.Fatalf("caller's call.started: %+v", started)
	}
	if !find[wire.ServerCallStarted](b).Polite {
		v.t.Fatal("the callee is not the polite one")
	}
	return id
}

// conversation is the whole of a meeting, frame to frame.
func conversation(t *testing.T, wrap func(conn.Backend) conn.Backend) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), wrap)
		defer v.stop()
		a, ca := v.enter(1)
		b, cb := v.enter(2)
		id := v.call(a, 1, ca, b, 2, cb)

		v.post(lobby.Signal{From: lobby.From{Person: 1, Conn: ca}, Call: id, Kind: "offer", Body: []byte("v=0 …")})
		if got := find[wire.ServerCallSignal](b); got.Kind != "offer" || got.Data != "v=0 …" {
			t.Errorf("offer arrived as %+v", got)
		}
		v.post(lobby.Chat{From: lobby.From{Person: 2, Conn: cb, Ref: 4}, Call: id, Runes: 2, Body: []byte("hé")})
		if got := find[wire.ServerCallChat](a); got.Text != "hé" {
			t.Errorf("chat arrived as %+v", got)
		}
		v.post(lobby.Share{From: lobby.From{Person: 2, Conn: cb, Ref: 5}, Call: id})
		if got := find[wire.ServerCallShared](a); len(got.Socials) != 1 || got.Socials[0] != (wire.Social{Kind: "mastodon", Handle: "@ada"}) {
			t.Errorf("socials arrived as %+v", got)
		}
		time.Sleep(20 * time.Second) // the bubble's clock
		v.post(lobby.End{From: lobby.From{Person: 1, Conn: ca, Ref: 6}, Call: id})
		until := time.Now().Add(2 * time.Hour)
		time.Sleep(time.Second) // the paperwork lets others join its commit
		_, evs := b.next()
		var ended wire.ServerCallEnded
		var cooldown wire.ServerCooldown
		for _, ev := range evs {
			switch e := ev.(type) {
			case wire.ServerCallEnded:
				ended = e
			case wire.ServerCooldown:
				cooldown = e
			}
		}
		if ended.Reason != "hangup" || ended.Talked != 20 || ended.Mine {
			t.Errorf("callee was told %+v", ended)
		}
		if want := until.UnixMilli(); cooldown.Until != want || cooldown.Other != 1 {
			t.Errorf("cooldown %+v, want until %d with 1", cooldown, want)
		}
		history, err := v.store.History(t.Context(), 2, 0, 10)
		if err != nil || len(history) != 1 || history[0].Reason != "hangup" || history[0].CooldownUntil != cooldown.Until {
			t.Errorf("history %+v, %v", history, err)
		}
		v.post(lobby.Invite{From: lobby.From{Person: 2, Conn: cb, Ref: 7}, To: 1, Seconds: 300})
		if got := find[wire.ServerError](b); got.Code != string(lobby.OnCooldown) || got.Until != cooldown.Until {
			t.Errorf("a second invite was answered %+v", got)
		}
	})
}

func TestConversation(t *testing.T) { conversation(t, nil) }

// TestResumeSendsWhatWasMissedOnce: a tab loses its socket in a call and returns.
func TestResumeSendsWhatWasMissedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		a, ca := v.enter(1)
		b, cb := v.enter(2)
		id := v.call(a, 1, ca, b, 2, cb)
		envs, _ := (&tab{t: t, frames: b.frames}).next()
		epoch, last := envs[0].Epoch, uint64(0)
		for _, e := range envs {
			last = max(last, e.Seq)
		}

		v.back.Detach(2, cb, b)
		synctest.Wait()
		if !find[wire.ServerCallPeer](a).Lost {
			t.Error("the other was not told that the connection is lost")
		}
		v.post(lobby.Chat{From: lobby.From{Person: 1, Conn: ca, Ref: 9}, Call: id, Runes: 1, Body: []byte("!")})

		back, same := v.open(2, conn.Resume{Stream: cb, Epoch: epoch, Seq: last})
		synctest.Wait()
		if same != cb {
			t.Fatalf("resumed as stream %d, was %d", same, cb)
		}
		envs, evs := back.next()
		if w, ok := evs[0].(wire.ServerWelcome); !ok || !w.Resumed {
			t.Fatalf("first frame %+v", evs[0])
		}
		chats, next := 0, last
		for i, ev := range evs[1:] {
			if s := envs[i+1].Seq; s != 0 {
				if next++; s != next {
					t.Errorf("frame %d has seq %d, want %d", i, s, next)
				}
			}
			if _, ok := ev.(wire.ServerCallChat); ok {
				chats++
			}
		}
		if chats != 1 {
			t.Errorf("the missed line arrived %d times", chats)
		}
		if find[wire.ServerCallPeer](a).Lost {
			t.Error("the other was not told that the connection is back")
		}

		// Acknowledged frames are not sent again; a stranger cannot take the stream.
		v.back.Ack(2, cb, next)
		v.back.Detach(2, cb, back)
		synctest.Wait()
		thief, stolen := v.open(1, conn.Resume{Stream: cb, Epoch: epoch, Seq: next})
		if stolen == cb || find[wire.ServerWelcome](thief).Resumed {
			t.Error("another person resumed the stream")
		}
		again, fresh := v.open(2, conn.Resume{Stream: cb, Epoch: epoch, Seq: last})
		synctest.Wait()
		_, evs = again.next()
		if w, ok := evs[0].(wire.ServerWelcome); !ok || w.Resumed || fresh == cb {
			t.Errorf("resumed although acknowledged frames are gone: %+v", evs[0])
		}
		carried := false
		for _, ev := range evs {
			if s, ok := ev.(wire.ServerCallStarted); ok {
				carried = s.Resumed && s.Call == int64(id)
			}
		}
		if !carried {
			t.Errorf("starting afresh in mid-call, it was told %+v", evs)
		}
	})
}

// TestStoreAwayAtAccept: nothing reports success that was not stored.
func TestStoreAwayAtAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		a, ca := v.enter(1)
		b, cb := v.enter(2)
		v.store.Play(storetest.FailNext(storetest.Commit, 1, store.ErrUnavailable))
		v.post(lobby.Invite{From: lobby.From{Person: 1, Conn: ca, Ref: 2}, To: 2, Seconds: 300})
		id := lobby.CallID(find[wire.ServerInviteIncoming](b).Call)
		v.post(lobby.Accept{From: lobby.From{Person: 2, Conn: cb, Ref: 3}, Call: id})
		if got := find[wire.ServerError](b); got.Code != string(lobby.Unavailable) || got.RetryMS == 0 {
			t.Errorf("accept answered %+v", got)
		}
		if got := find[wire.ServerInviteEnded](a); got.Reason != "failed" {
			t.Errorf("caller told %+v", got)
		}
		v.call(a, 1, ca, b, 2, cb)
	})
}

// TestRestartInMidCall: a new engine over the same store finds the call.
func TestRestartInMidCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := people(t, 1, 2)
		v := start(t, st, nil)
		a, ca := v.enter(1)
		b, cb := v.enter(2)
		id := v.call(a, 1, ca, b, 2, cb)
		v.stop()
		if err := v.back.Post(lobby.Leave{}); err == nil {
			t.Error("a stopped engine took an event")
		}

		v = start(t, st, nil)
		defer v.stop()
		a, ca = v.open(1, conn.Resume{Stream: ca, Epoch: "the old one", Seq: 3})
		synctest.Wait()
		if got := find[wire.ServerCallStarted](a); !got.Resumed || got.Call != int64(id) {
			t.Errorf("returning to the call: %+v", got)
		}
		b, cb = v.open(2, conn.Resume{})
		synctest.Wait()
		find[wire.ServerCallStarted](b)
		v.post(lobby.Chat{From: lobby.From{Person: 2, Conn: cb, Ref: 4}, Call: id, Runes: 1, Body: []byte("x")})
		find[wire.ServerCallChat](a)
		v.post(lobby.End{From: lobby.From{Person: 1, Conn: ca, Ref: 5}, Call: id})
		find[wire.ServerCallEnded](b)
		time.Sleep(time.Second) // the paperwork lets others join its commit
		if open, err := v.store.OpenCalls(t.Context()); err != nil || len(open) != 0 {
			t.Errorf("open calls after the end: %v, %v", open, err)
		}
	})
}

// TestUnknownOutcomeIsAskedAgain: a commit whose answer was lost is repeated
// until the store says which, and the call starts once.
func TestUnknownOutcomeIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		a, ca := v.enter(1)
		b, cb := v.enter(2)
		v.store.Play(storetest.LoseNext(storetest.Commit, 1)) // stored, but the answer is lost
		v.post(lobby.Invite{From: lobby.From{Person: 1, Conn: ca, Ref: 2}, To: 2, Seconds: 300})
		id := lobby.CallID(find[wire.ServerInviteIncoming](b).Call)
		v.post(lobby.Accept{From: lobby.From{Person: 2, Conn: cb, Ref: 3}, Call: id})
		time.Sleep(time.Second) // the bubble's clock: the repeat comes after a pause
		synctest.Wait()
		if got := find[wire.ServerCallStarted](a); got.Call != int64(id) {
			t.Errorf("caller told %+v", got)
		}
		if open, err := v.store.OpenCalls(t.Context()); err != nil || len(open) != 1 {
			t.Errorf("open calls: %v, %v", open, err)
		}
	})
}

// TestStopWhileTheOutcomeIsUnknown: a server that is told to stop does so even
// when its store never answers again.
func TestStopWhileTheOutcomeIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		_, ca := v.enter(1)
		b, cb := v.enter(2)
		v.store.Play(storetest.On(func(s storetest.Step) bool { return s.Op == storetest.Commit }, storetest.Fault{Before: store.ErrUnknown}))
		v.post(lobby.Invite{From: lobby.From{Person: 1, Conn: ca, Ref: 2}, To: 2, Seconds: 300})
		id := lobby.CallID(find[wire.ServerInviteIncoming](b).Call)
		v.post(lobby.Accept{From: lobby.From{Person: 2, Conn: cb, Ref: 3}, Call: id})
		v.stop()
	})
}

// TestACallIsOneTabs: what a call says reaches the tab that carries it and no
// other of the same person, though both learn what the person is doing.
func TestACallIsOneTabs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		a, ca := v.enter(1)
		b, cb := v.enter(2)
		second, _ := v.open(2, conn.Resume{})
		id := v.call(a, 1, ca, b, 2, cb)
		v.post(lobby.Chat{From: lobby.From{Person: 1, Conn: ca, Ref: 9}, Call: id, Runes: 1, Body: []byte("!")})
		find[wire.ServerCallChat](b)
		_, evs := second.next()
		told := false
		for _, ev := range evs {
			switch e := ev.(type) {
			case wire.ServerCallChat, wire.ServerCallStarted:
				t.Errorf("the other tab was sent %s", ev.Name())
			case wire.ServerSelf:
				told = e.Activity == "in_call" && !e.Here
			}
		}
		if !told {
			t.Errorf("the other tab does not know of the call: %+v", evs)
		}
	})
}

// TestStreamsAreForgotten: a tab that does not come back leaves nothing behind.
func TestStreamsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1), nil)
		defer v.stop()
		a, ca := v.enter(1)
		v.back.Detach(1, ca, a)
		synctest.Wait()
		if s := v.eng.Stats(); s.Streams != 1 {
			t.Fatalf("%d streams within the grace period", s.Streams)
		}
		time.Sleep(time.Minute) // the bubble's clock
		synctest.Wait()
		if s := v.eng.Stats(); s.Streams != 0 || s.People != 0 {
			t.Errorf("a minute later the engine holds %+v", s)
		}
	})
}

// TestAChangeDuringEntryStands: a profile stored while its person was being
// read is what others see, not the older one that was read.
func TestAChangeDuringEntryStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		a, ca := v.enter(1)
		b, cb := v.open(2, conn.Resume{})
		gate := storetest.NewGate()
		v.store.Play(storetest.HoldAll(storetest.Bars, gate)) // the person is read by then, as version 1
		v.post(lobby.Enter{From: lobby.From{Person: 2, Conn: cb, Ref: 1}})
		<-gate.Reached()
		p, err := v.store.Person(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		p.Profile.Name = "Beth"
		if p.Version, err = v.store.SaveProfile(t.Context(), 2, p.Version, p.Profile); err != nil {
			t.Fatal(err)
		}
		if err := v.eng.Changed(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		gate.Open()
		synctest.Wait()
		find[wire.ServerDone](b)
		v.post(lobby.Invite{From: lobby.From{Person: 1, Conn: ca, Ref: 2}, To: 2, Seconds: 300})
		card, err := wire.ParseCard(find[wire.ServerInviteRinging](a).Other)
		if err != nil || card.Name != "Beth" {
			t.Errorf("the card shows %+v, %v", card, err)
		}
	})
}
