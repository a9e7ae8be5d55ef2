package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

var modelChecks = []check{
	{"random evenings end as in the model", func(t *testing.T, s store.Store) {
		// One store serves all evenings; each has people and calls of its own.
		evening := int64(0)
		rapid.Check(t, func(rt *rapid.T) {
			evening++
			both := pair{Store: s, model: NewMemory(), base: evening * 1000, left: new(int64)}
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				both.step(rt)
			}
			both.compare(rt)
		})
	}},
}

// pair drives a backend and the model alike.
type pair struct {
	store.Store
	model *Memory
	base  int64
	left  *int64 // how many departed
}

// stead is the next number that nobody had. The first few are compared, too.
func (p pair) stead() lobby.PersonID {
	*p.left++
	return lobby.PersonID(p.base + crowd + *p.left)
}

const crowd = 4 // few people, so that they meet often

func (p pair) person(rt *rapid.T, label string) lobby.PersonID {
	return lobby.PersonID(p.base + rapid.Int64Range(1, crowd).Draw(rt, label))
}

func (p pair) call(rt *rapid.T) lobby.CallID {
	return lobby.CallID(p.base + rapid.Int64Range(1, 5).Draw(rt, "call"))
}

func (p pair) time(rt *rapid.T, label string) int64 {
	return now + rapid.Int64Range(0, 6).Draw(rt, label)*hour
}

func (p pair) step(rt *rapid.T) {
	ctx := context.Background()
	switch rapid.IntRange(0, 9).Draw(rt, "what") {
	case 0:
		who := p.person(rt, "who")
		token := fmt.Sprint(p.base, rapid.IntRange(1, 3).Draw(rt, "token"))
		x, y := person(who), session(who, token)
		sameErr(rt, "sign up", p.Store.SignUp(ctx, x, y), p.model.SignUp(ctx, x, y))
	case 1:
		who, version := p.person(rt, "who"), rapid.Int64Range(1, 3).Draw(rt, "version")
		f := person(who).Profile
		f.Name = rapid.StringOfN(rapid.RuneFrom([]rune("ab'é👋\"")), 1, 2, -1).Draw(rt, "name")
		f.Tags = rapid.SliceOfN(rapid.SampledFrom([]string{"jazz", "chess"}), 0, 2).Draw(rt, "tags")
		got, err := p.Store.SaveProfile(ctx, who, version, f)
		want, wantErr := p.model.SaveProfile(ctx, who, version, f)
		sameErr(rt, "save", err, wantErr)
		same(rt, "save", got, want)
	case 2:
		hash := store.HashToken(fmt.Sprint(p.base, rapid.IntRange(1, 3).Draw(rt, "token")))
		sameErr(rt, "logout", p.Store.Logout(ctx, hash), p.model.Logout(ctx, hash))
	case 3:
		who := p.person(rt, "who")
		one, alone := session(who, fmt.Sprint(p.base, rapid.IntRange(1, 3).Draw(rt, "token"))), rapid.Bool().Draw(rt, "alone")
		sameErr(rt, "open session", p.Store.OpenSession(ctx, one, alone), p.model.OpenSession(ctx, one, alone))
	case 4:
		u := upgrade(p.person(rt, "who"), fmt.Sprint(p.base, rapid.IntRange(1, 2).Draw(rt, "email")))
		got, err := p.Store.Upgrade(ctx, u)
		want, wantErr := p.model.Upgrade(ctx, u)
		sameErr(rt, "upgrade", err, wantErr)
		same(rt, "upgrade", got, want)
	case 5:
		d := store.Departure{Person: p.person(rt, "who"), Stead: p.stead(), Until: p.time(rt, "until")}
		if rapid.Bool().Draw(rt, "has an email") {
			d.EmailHash = upgrade(0, fmt.Sprint(p.base, rapid.IntRange(1, 2).Draw(rt, "email"))).EmailHash
		}
		sameErr(rt, "depart", p.Store.Depart(ctx, d), p.model.Depart(ctx, d))
	case 6:
		r := store.Ruling{Person: p.person(rt, "who"), At: p.time(rt, "at"), By: "op", Reason: "because",
			Action: rapid.SampledFrom([]string{store.Ban, store.Unban, store.Vindicate, "shrug"}).Draw(rt, "action")}
		sameErr(rt, "rule", p.Store.Rule(ctx, r), p.model.Rule(ctx, r))
	default:
		writes := rapid.SliceOfN(rapid.Custom(p.write), 1, 6).Draw(rt, "writes")
		got, want := p.Store.Commit(ctx, writes), p.model.Commit(ctx, writes)
		for i := range writes {
			sameErr(rt, fmt.Sprintf("write %d %+v", i, writes[i]), got[i], want[i])
		}
	}
}

func (p pair) write(rt *rapid.T) lobby.Write {
	a, b, at := p.person(rt, "a"), p.person(rt, "b"), p.time(rt, "at")
	reason := rapid.SampledFrom([]string{"hangup", "clock", store.ReasonVoid}).Draw(rt, "reason")
	switch rapid.IntRange(0, 6).Draw(rt, "write") {
	case 0, 1:
		return lobby.CallStart{
			Call: p.call(rt), A: a, B: b, Seconds: 300, StartedAt: at, Deadline: at + 300_000,
			CooldownUntil: p.time(rt, "until"),
		}
	case 2, 3:
		return lobby.CallEnd{Call: p.call(rt), A: a, B: b, EndedAt: at, Reason: reason, By: a}
	case 4, 5:
		return cool(a, b, p.call(rt), at, p.time(rt, "until"))
	default:
		if reason == "clock" {
			return lobby.ReportFiled{By: a, Of: b, At: at, Reason: "rude"}
		}
		return lobby.BlockSet{By: a, Of: b, At: at}
	}
}

func (p pair) compare(rt *rapid.T) {
	ctx := context.Background()
	for token := range 4 {
		hash := store.HashToken(fmt.Sprint(p.base, token))
		got, err := p.Store.Login(ctx, hash, now)
		want, wantErr := p.model.Login(ctx, hash, now)
		sameErr(rt, "login", err, wantErr)
		same(rt, "login", got, want)
	}
	for i := range crowd + *p.left {
		id := lobby.PersonID(p.base + i + 1)
		for at := now - hour; at <= now+7*hour; at += 4 * hour {
			reads(rt, "bars", id, at, p.Store.Bars, p.model.Bars)
			reads(rt, "cooldowns", id, at, p.Store.Cooldowns, p.model.Cooldowns)
			reads(rt, "history", id, at, page(p.Store), page(p.model))
		}
		got, err := p.Store.Person(ctx, id)
		want, wantErr := p.model.Person(ctx, id)
		sameErr(rt, "person", err, wantErr)
		same(rt, "person", got, want)
		p.compareAccount(rt, id)
	}
	var mine []lobby.CallStart
	open, err := p.Store.OpenCalls(ctx)
	sameErr(rt, "open calls", err, nil)
	for _, c := range open {
		if int64(c.Call) > p.base {
			mine = append(mine, c)
		}
	}
	want, _ := p.model.OpenCalls(ctx)
	same(rt, "open calls", mine, want)
}

func (p pair) compareAccount(rt *rapid.T, id lobby.PersonID) {
	ctx := context.Background()
	account, err := p.Store.Account(ctx, id)
	wantAccount, wantErr := p.model.Account(ctx, id)
	sameErr(rt, "account", err, wantErr)
	same(rt, "account", account, wantAccount)
	reads(rt, "sessions", id, now, p.Store.Sessions, p.model.Sessions)
	reads(rt, "reports", id, 0, reportsOf(p.Store), reportsOf(p.model))
	held, err := p.Store.Held(ctx, id)
	wantHeld, wantErr := p.model.Held(ctx, id)
	sameErr(rt, "held", err, wantErr)
	same(rt, "held", held, wantHeld)
}

func reportsOf(s store.Store) reader[store.Report] {
	return func(ctx context.Context, id lobby.PersonID, before int64) ([]store.Report, error) {
		return s.Reports(ctx, store.ReportQuery{Of: id, Settled: true, Before: before, Limit: 9})
	}
}

type reader[T any] func(context.Context, lobby.PersonID, int64) ([]T, error)

func page(s store.Store) reader[store.Meeting] {
	return func(ctx context.Context, id lobby.PersonID, before int64) ([]store.Meeting, error) {
		return s.History(ctx, id, before, 3)
	}
}

func reads[T any](rt *rapid.T, what string, id lobby.PersonID, at int64, read, model reader[T]) {
	got, err := read(context.Background(), id, at)
	want, wantErr := model(context.Background(), id, at)
	sameErr(rt, what, err, wantErr)
	if len(got)+len(want) > 0 {
		same(rt, fmt.Sprintf("%s of %d at now%+d", what, id, at-now), got, want)
	}
}

func same(rt *rapid.T, what string, got, want any) {
	if !reflect.DeepEqual(got, want) {
		rt.Fatalf("%s\ngot  %+v\nwant %+v", what, got, want)
	}
}

// sameErr compares what an error says in the contract's words.
func sameErr(rt *rapid.T, what string, got, want error) {
	for _, word := range []error{store.ErrNotFound, store.ErrConflict, store.ErrTaken, store.ErrBanned, store.ErrUnavailable, store.ErrUnknown} {
		if is(got, word) != is(want, word) {
			rt.Fatalf("%s: got %v, want %v", what, got, want)
		}
	}
	if (got == nil) != (want == nil) {
		rt.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
