package journal

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/engine"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/host/wire"
)

// tab is a socket that keeps the last call it heard of.
type tab struct{ call chan int64 }

func (s tab) Send(frame []byte) {
	if _, ev, err := wire.DecodeServer(frame); err == nil {
		if in, ok := ev.(wire.ServerInviteIncoming); ok {
			s.call <- in.Call
		}
	}
}

func (tab) Drop(conn.CloseCode) {}

func (tab) TrySend([]byte) bool     { return true }
func (tab) Encoding() wire.Encoding { return wire.JSON }

// rows is the seam between engine and reel, as the app has it.
type rows struct {
	*reel.Reel
	w *Writer
}

func (r rows) Feed(it reel.Item) {
	if n, ok := it.News.(lobby.Entered); ok {
		r.w.Row(n.Person, it.Face.Row)
	}
	r.Reel.Feed(it)
}

// whispers are what must never be found in a journal.
var whispers = []string{"Ada", "@ada", "a bio", "good evening", "v=0", "candidate:1", "he was rude"}

const people = 12

// livedEvening plays some minutes of an engine, a store, a reel and the
// reference rule, in virtual time, and answers its journal.
func livedEvening(t *testing.T) (file []byte) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		st := storetest.NewMemory()
		for i := range people {
			p := store.Person{ID: lobby.PersonID(1<<40 + i), Guest: true, Version: 1, CreatedAt: 1, Profile: store.Profile{
				Name: "Ada", Bio: "a bio", Age: 30 + i, AgeMin: 18, AgeMax: 99, Gender: i % 2, Seeking: 3,
				Socials: []store.Social{{Kind: "mastodon", Handle: "@ada"}}}}
			s := store.Session{TokenHash: string(rune('a' + i)), Person: p.ID, CreatedAt: 1, ExpiresAt: 1 << 50}
			if err := st.SignUp(t.Context(), p, s); err != nil {
				t.Fatal(err)
			}
		}
		h := header()
		w, err := Open(Options{Dir: dir}, h, time.Now, quiet())
		if err != nil {
			t.Fatal(err)
		}
		var e *engine.Engine
		r := reel.New(h.Reel, reel.Deps{Ranker: reference, Stale: func() bool { return false }, Now: time.Now,
			Emit: func(u reel.Update) { w.Shown(u); e.Updated(u) }})
		seed := uint64(1)
		e = engine.New(engine.Config{Lobby: "main", Epoch: "e1", Rules: h.Rules}, engine.Deps{
			Store: st, Reel: rows{r, w}, Journal: w.Step, Now: time.Now, Log: quiet(),
			Seed:   func() uint64 { seed += 1 << 13; return seed },
			ICE:    func(lobby.PersonID, time.Time) ([]wire.ICEServer, int64) { return nil, 0 },
			Decide: func(context.Context, lobby.Case) (int64, string, error) { return 30, "sha256:test", nil },
			Face: func(_ context.Context, p store.Person) (*reel.Face, error) {
				q := p.Profile
				return &reel.Face{Card: wire.AppendCard(nil, wire.Card{ID: int64(p.ID), Name: q.Name, Bio: q.Bio}),
					Row: policy.Person{Gender: uint8(q.Gender), Seeking: uint8(q.Seeking), Age: uint8(q.Age), AgeMin: 18, AgeMax: 99}}, nil
			},
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- r.Run(ctx) }()
		go func() { ended <- e.Run(ctx) }()
		<-e.Started()
		chat(t, e)
		stop()
		for range 2 {
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if s := w.Stats(); s.Lost > 0 || s.Stopped != "" || s.Bytes != int64(len(read(t, w.Path()))) || s.Records < 50 {
			t.Errorf("%+v", s)
		}
		if info, err := os.Stat(w.Path()); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		file = read(t, w.Path())
	})
	return file
}

// chat has everybody come, and the first half talk to the second.
func chat(t *testing.T, e *engine.Engine) {
	post := func(ev lobby.Event) {
		if err := e.Post(ev); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	var tabs [people]tab
	var from [people]lobby.From
	for i := range people {
		p := lobby.PersonID(1<<40 + i)
		tabs[i] = tab{make(chan int64, 9)}
		c, err := e.Attach(t.Context(), p, conn.Resume{}, tabs[i])
		if err != nil {
			t.Fatal(err)
		}
		from[i] = lobby.From{Person: p, Conn: c, Ref: 1}
		post(lobby.Enter{From: from[i]})
		time.Sleep(500 * time.Millisecond) // the bubble's clock
	}
	for round := range 2 {
		for i := range people / 2 {
			a, b := from[i], from[people/2+(i+round)%(people/2)]
			post(lobby.Invite{From: a, To: b.Person, Seconds: 300})
			call := lobby.CallID(<-tabs[people/2+(i+round)%(people/2)].call)
			post(lobby.Accept{From: b, Call: call})
			post(lobby.Signal{From: a, Call: call, Kind: "offer", Body: []byte("v=0\r\n")})
			post(lobby.Signal{From: b, Call: call, Kind: "candidate", Body: []byte("candidate:1")})
			post(lobby.Chat{From: a, Call: call, Runes: 12, Body: []byte("good evening")})
			post(lobby.Share{From: b, Call: call})
			time.Sleep(3 * time.Second)
			post(lobby.End{From: a, Call: call})
		}
	}
	post(lobby.Report{From: from[0], Other: from[11].Person, Reason: "rude", Body: []byte("he was rude")})
	e.Detach(from[3].Person, from[3].Conn, tabs[3])
	post(lobby.Leave{From: from[4]})
	time.Sleep(time.Minute)
	synctest.Wait()
}

func TestALivedEveningVerifies(t *testing.T) {
	file := livedEvening(t)
	r := verify(t, file)
	if !r.OK() || r.Ending != "in good order" || r.Steps < 100 || r.Rows != people || r.Shown < people || len(r.Generations) != 1 {
		t.Errorf("%+v", r)
	}
	if r.Events["chat"] != people || r.Events["report"] != 1 || r.Events["decided"] != people || r.Generations[0].Name != "match-mutual@1.0.0" {
		t.Errorf("%+v", r)
	}
	said := text(t, file)
	for _, w := range whispers {
		if strings.Contains(said, w) {
			t.Errorf("%q is in the journal", w)
		}
	}
}

// TestEveryFlippedBitIsNoticed, and so is a tail that is missing; but what is
// left of that verifies.
func TestEveryFlippedBitIsNoticed(t *testing.T) {
	file := livedEvening(t)
	for i := 0; i < len(file); i += 1 + i/20 {
		file[i] ^= 1 << (i % 8)
		if r, err := Verify(t.Context(), bytes.NewReader(file)); err == nil && r.OK() {
			t.Errorf("bit %d of byte %d was not noticed", i%8, i)
		}
		file[i] ^= 1 << (i % 8)
		if i <= len(magic) {
			continue
		}
		r, err := Verify(t.Context(), bytes.NewReader(file[:i]))
		if errors.Is(err, ErrDamaged) {
			continue // not even a header
		}
		if err != nil || !r.OK() || r.Ending == "in good order" {
			t.Errorf("cut to %d bytes: %+v, %v", i, r, err)
		}
	}
}

// compare runs a what-if that must go to the end.
func compare(t *testing.T, file []byte, rank Ranker, every time.Duration) Comparison {
	t.Helper()
	c, err := WhatIf(t.Context(), bytes.NewReader(file), rank, every)
	if err != nil || c.Note != "" || c.Different != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	return c
}

func TestWhatIfOfALivedEvening(t *testing.T) {
	file := livedEvening(t)
	same := compare(t, file, reference, time.Second)
	a, b := same.RecordedSide, same.OtherSide
	if same.Overlap < 0.999 || same.Invites != people || same.Viewers != people || same.Samples < 60 {
		t.Errorf("the same rule: %+v", same)
	}
	if a.Faces != b.Faces || a.Score != b.Score || a.Eligible != 1 || a.Mutual < 0.95 || a.Reachable != 1 || b.Reachable != 1 || a.Wait != b.Wait {
		t.Errorf("the same rule:\n%+v\n%+v", a, b)
	}
	// A cooldown of 30 s is over before the evening is: some meet again.
	if a.Repeats == 0 || a.Repeats > 0.9 || a.Distinct < people-2 {
		t.Errorf("%+v", a)
	}
	// Who waited longest for an invite was the last of the callees.
	if same.InviteWait.Count == 0 || same.InviteWait.Max < 15_000 {
		t.Errorf("%+v", same.InviteWait)
	}

	none := compare(t, file, changed(func(int32) int32 { return policy.Ineligible }), time.Second)
	b = none.OtherSide
	if none.Overlap != 0 || b.Faces != 0 || b.Empty != 1 || b.Unseen != 1 || b.Reachable != 0 || b.Wait.Count != 0 || b.Never == 0 {
		t.Errorf("a rule that allows nobody: %+v", none)
	}
	if a := none.RecordedSide; a.Eligible != 0 || a.Score != 0 || a.Reachable != 1 || none.Changes == 0 || none.Changed[0].Samples >= 0 {
		t.Errorf("a rule that allows nobody: %+v", none)
	}
	var out strings.Builder
	if err := none.Write(&out); err != nil || !strings.Contains(out.String(), "faces in common: 0.0 %") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestWhatIfOfAPluginThatFails(t *testing.T) {
	file := livedEvening(t)
	broken := errors.New("no such plugin")
	asked := 0
	if _, err := WhatIf(t.Context(), bytes.NewReader(file), func(ctx context.Context) (policy.Match, error) {
		if asked++; asked == 2 {
			return nil, broken
		}
		return reference(ctx)
	}, 0); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := WhatIf(t.Context(), bytes.NewReader(file), func(ctx context.Context) (policy.Match, error) {
		m, err := reference(ctx)
		return trapping{m}, err
	}, 0); !errors.Is(err, policy.ErrTrap) {
		t.Error(err)
	}
}

type trapping struct{ policy.Match }

func (trapping) Score(context.Context, int64, int, int, []int32) error { return policy.ErrTrap }

// TestAGapEndsTheComparison but what was before it is compared.
func TestAGapEndsTheComparison(t *testing.T) {
	file := livedEvening(t)
	j, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var records []Record
	if err := j.each(t.Context(), func(r Record) error {
		if records = append(records, r); len(records) == 100 {
			records = append(records, Gap{Steps: 1})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	broken := record(t, j.Header, records...)
	c, err := WhatIf(t.Context(), bytes.NewReader(broken), reference, time.Second)
	if err != nil || !strings.Contains(c.Note, "missing") || c.Samples == 0 || math.IsNaN(c.Overlap) {
		t.Errorf("%+v, %v", c, err)
	}
	if r := verify(t, broken); r.OK() || r.Different > 0 || r.Unchecked == 0 || r.Verified == 0 {
		t.Errorf("%+v", r)
	}
}
