package storetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Op names a method of store.Store.
type Op string

// One for each method but Close, which is never made to fail.
const (
	Ping        Op = "Ping"
	SignUp      Op = "SignUp"
	Login       Op = "Login"
	Logout      Op = "Logout"
	Person      Op = "Person"
	SaveProfile Op = "SaveProfile"
	Commit      Op = "Commit"
	Bars        Op = "Bars"
	OpenCalls   Op = "OpenCalls"
	History     Op = "History"
	Cooldowns   Op = "Cooldowns"

	Session        Op = "Session"
	Sessions       Op = "Sessions"
	OpenSession    Op = "OpenSession"
	RenewSession   Op = "RenewSession"
	EndSessions    Op = "EndSessions"
	Upgrade        Op = "Upgrade"
	Account        Op = "Account"
	AccountByEmail Op = "AccountByEmail"
	SetPassword    Op = "SetPassword"
	Held           Op = "Held"
	PhotoInUse     Op = "PhotoInUse"
	Depart         Op = "Depart"

	Sweep        Op = "Sweep"
	ArchiveCalls Op = "ArchiveCalls"

	Reports    Op = "Reports"
	Rule       Op = "Rule"
	Rulings    Op = "Rulings"
	FindPeople Op = "FindPeople"

	SavePlugins      Op = "SavePlugins"
	PluginVersions   Op = "PluginVersions"
	PluginGeneration Op = "PluginGeneration"
	PluginChanges    Op = "PluginChanges"

	PluginsServedSince Op = "PluginsServedSince"
)

// Step is one thing asked of the store: a method call, or one write of a Commit.
type Step struct {
	N     int         // 1, 2, … over the life of the Faulty
	Op    Op          //
	Write lobby.Write // for Commit, else nil
}

// Fault is what goes wrong at a step. The zero Fault is nothing.
type Fault struct {
	Gate   *Gate // held here before anything else happens
	Before error // answered instead of doing it
	After  error // answered although it was done (store.ErrUnknown)
}

// Script decides what goes wrong at a step. It is called for one step at a
// time, in the order of N, and may keep state.
type Script func(Step) Fault

// Faulty is a store.Store that fails as its script says and otherwise does
// what the store inside does. Safe for concurrent use.
type Faulty struct {
	inner  store.Store
	mu     sync.Mutex
	script Script
	n      int
}

var _ store.Store = (*Faulty)(nil)

// NewFaulty wraps inner. A nil script fails nothing.
func NewFaulty(inner store.Store, s Script) *Faulty {
	f := &Faulty{inner: inner}
	f.Play(s)
	return f
}

// Play replaces the script from the next step on; nil heals the store. Steps
// held at a gate stay there until it opens.
func (f *Faulty) Play(s Script) {
	if s == nil {
		s = func(Step) Fault { return Fault{} }
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = s
}

// Steps says how many steps were asked so far.
func (f *Faulty) Steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// FailNext fails the next n steps of op with err, before anything is done.
func FailNext(op Op, n int, err error) Script {
	return nextOf(op, n, Fault{Before: err})
}

// LoseNext does the next n steps of op and answers that the outcome is unknown.
func LoseNext(op Op, n int) Script {
	return nextOf(op, n, Fault{After: store.ErrUnknown})
}

// HoldAll holds every step of op at g until it opens.
func HoldAll(op Op, g *Gate) Script {
	return func(s Step) Fault {
		if s.Op != op {
			return Fault{}
		}
		return Fault{Gate: g}
	}
}

// DieAt does steps up to n-1; from step n on nothing is done any more.
func DieAt(n int) Script {
	return func(s Step) Fault {
		if s.N < n {
			return Fault{}
		}
		return Fault{Before: store.ErrUnavailable}
	}
}

// On plays the fault at every step that match accepts.
func On(match func(Step) bool, fault Fault) Script {
	return func(s Step) Fault {
		if !match(s) {
			return Fault{}
		}
		return fault
	}
}

func nextOf(op Op, n int, fault Fault) Script {
	return func(s Step) Fault {
		if s.Op != op || n == 0 {
			return Fault{}
		}
		n--
		return fault
	}
}

// Gate holds steps until it is opened.
type Gate struct {
	reached chan struct{}
	open    chan struct{}
	first   sync.Once
	once    sync.Once
}

// NewGate returns a closed gate.
func NewGate() *Gate { return &Gate{reached: make(chan struct{}), open: make(chan struct{})} }

// Reached is closed when the first step waits at the gate.
func (g *Gate) Reached() <-chan struct{} { return g.reached }

// Open lets everything pass, now and later.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// pass waits for the gate; ctx's error if that ends first.
func (g *Gate) pass(ctx context.Context) error {
	g.first.Do(func() { close(g.reached) })
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// step counts, asks the script and waits at its gate. A non-nil before means
// the step must not be done.
func (f *Faulty) step(ctx context.Context, op Op, w lobby.Write) (before, after error) {
	f.mu.Lock()
	f.n++
	fault := f.script(Step{N: f.n, Op: op, Write: w})
	f.mu.Unlock()
	if fault.Gate != nil {
		if err := fault.Gate.pass(ctx); err != nil {
			return fmt.Errorf("faulty: %s: %w", op, err), nil
		}
	}
	if fault.Before != nil {
		return fmt.Errorf("faulty: %s: %w", op, fault.Before), nil
	}
	if fault.After != nil {
		return nil, fmt.Errorf("faulty: %s: %w", op, fault.After)
	}
	return nil, nil
}

// through does one step whose result is a T.
func through[T any](ctx context.Context, f *Faulty, op Op, do func() (T, error)) (T, error) {
	var none T
	before, after := f.step(ctx, op, nil)
	if before != nil {
		return none, before
	}
	v, err := do()
	if err == nil && after != nil {
		return none, after
	}
	return v, err
}

// Commit plays the script for each write; those that survive reach the inner
// store in one Commit, in order.
func (f *Faulty) Commit(ctx context.Context, writes []lobby.Write) []error {
	errs, afters := make([]error, len(writes)), make([]error, len(writes))
	var pass []lobby.Write
	var at []int
	for i, w := range writes {
		if errs[i], afters[i] = f.step(ctx, Commit, w); errs[i] == nil {
			pass, at = append(pass, w), append(at, i)
		}
	}
	if len(pass) == 0 {
		return errs
	}
	for i, err := range f.inner.Commit(ctx, pass) {
		if errs[at[i]] = err; err == nil {
			errs[at[i]] = afters[at[i]]
		}
	}
	return errs
}

// none adapts a method without result.
func none(err error) (struct{}, error) { return struct{}{}, err }

// Ping implements store.Store.
func (f *Faulty) Ping(ctx context.Context) error {
	_, err := through(ctx, f, Ping, func() (struct{}, error) { return none(f.inner.Ping(ctx)) })
	return err
}

// Close closes the store inside.
func (f *Faulty) Close() error { return f.inner.Close() }

// SignUp implements store.People.
func (f *Faulty) SignUp(ctx context.Context, p store.Person, s store.Session) error {
	_, err := through(ctx, f, SignUp, func() (struct{}, error) { return none(f.inner.SignUp(ctx, p, s)) })
	return err
}

// Login implements store.People.
func (f *Faulty) Login(ctx context.Context, tokenHash string, now int64) (lobby.PersonID, error) {
	return through(ctx, f, Login, func() (lobby.PersonID, error) { return f.inner.Login(ctx, tokenHash, now) })
}

// Logout implements store.People.
func (f *Faulty) Logout(ctx context.Context, tokenHash string) error {
	_, err := through(ctx, f, Logout, func() (struct{}, error) { return none(f.inner.Logout(ctx, tokenHash)) })
	return err
}

// Person implements store.People.
func (f *Faulty) Person(ctx context.Context, id lobby.PersonID) (store.Person, error) {
	return through(ctx, f, Person, func() (store.Person, error) { return f.inner.Person(ctx, id) })
}

// SaveProfile implements store.People.
func (f *Faulty) SaveProfile(ctx context.Context, id lobby.PersonID, version int64, p store.Profile) (int64, error) {
	return through(ctx, f, SaveProfile, func() (int64, error) { return f.inner.SaveProfile(ctx, id, version, p) })
}

// Bars implements store.Meetings.
func (f *Faulty) Bars(ctx context.Context, id lobby.PersonID, now int64) ([]lobby.Bar, error) {
	return through(ctx, f, Bars, func() ([]lobby.Bar, error) { return f.inner.Bars(ctx, id, now) })
}

// OpenCalls implements store.Meetings.
func (f *Faulty) OpenCalls(ctx context.Context) ([]lobby.CallStart, error) {
	return through(ctx, f, OpenCalls, func() ([]lobby.CallStart, error) { return f.inner.OpenCalls(ctx) })
}

// History implements store.Meetings.
func (f *Faulty) History(ctx context.Context, id lobby.PersonID, before int64, limit int) ([]store.Meeting, error) {
	return through(ctx, f, History, func() ([]store.Meeting, error) { return f.inner.History(ctx, id, before, limit) })
}

// Cooldowns implements store.Meetings.
func (f *Faulty) Cooldowns(ctx context.Context, id lobby.PersonID, now int64) ([]store.Cooldown, error) {
	return through(ctx, f, Cooldowns, func() ([]store.Cooldown, error) { return f.inner.Cooldowns(ctx, id, now) })
}

// SavePlugins implements store.Plugins.
func (f *Faulty) SavePlugins(ctx context.Context, s store.PluginSave) error {
	_, err := through(ctx, f, SavePlugins, func() (struct{}, error) { return none(f.inner.SavePlugins(ctx, s)) })
	return err
}

// PluginVersions implements store.Plugins.
func (f *Faulty) PluginVersions(ctx context.Context) ([]store.PluginVersion, error) {
	return through(ctx, f, PluginVersions, func() ([]store.PluginVersion, error) { return f.inner.PluginVersions(ctx) })
}

// PluginGeneration implements store.Plugins.
func (f *Faulty) PluginGeneration(ctx context.Context, hook string, rev int) (store.PluginGeneration, error) {
	return through(ctx, f, PluginGeneration, func() (store.PluginGeneration, error) { return f.inner.PluginGeneration(ctx, hook, rev) })
}

// PluginsServedSince implements store.Plugins.
func (f *Faulty) PluginsServedSince(ctx context.Context, since int64) ([]string, error) {
	return through(ctx, f, PluginsServedSince, func() ([]string, error) { return f.inner.PluginsServedSince(ctx, since) })
}

// PluginChanges implements store.Plugins.
func (f *Faulty) PluginChanges(ctx context.Context, before int64, limit int) ([]store.PluginChange, error) {
	return through(ctx, f, PluginChanges, func() ([]store.PluginChange, error) { return f.inner.PluginChanges(ctx, before, limit) })
}
