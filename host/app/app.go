// Package app puts the house together. It is the only package that knows every
// other; tests start the same App as the command does.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/admin/metrics"
	"github.com/napalmsky/napalmsky/host/api"
	"github.com/napalmsky/napalmsky/host/compress"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/engine"
	"github.com/napalmsky/napalmsky/host/journal"
	"github.com/napalmsky/napalmsky/host/media"
	"github.com/napalmsky/napalmsky/host/password"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/steward"
	"github.com/napalmsky/napalmsky/host/store"
)

// Options are what a test may replace. The zero value is a real server's.
type Options struct {
	Log    *slog.Logger     // discards by default
	Now    func() time.Time // the wall clock
	Random io.Reader        // crypto/rand
	Store  store.Store      // what the configuration says; the App closes what it is given
	Cache  string           // compiled plugins; DATA/cache/wasm
	// Settled is called once, some time after the start.
	Settled func()
	// Memory is read instead of this process's.
	Memory func() steward.Memory
	// Listener is used instead of cfg.Listen; the App closes it.
	Listener net.Listener
	// Version of this build, as operators are told.
	Version string
	// PasswordCost is what a hash costs; password.Standard.
	PasswordCost password.Cost
	// Compiler compiles plugins in a process of its own; nil: this process does.
	Compiler *wasm.Compiler
	// Backend wraps what the sockets talk to, as a node between them and the lobby would.
	Backend func(conn.Backend) conn.Backend
}

// App is one server. Make it with New, then call Run once.
type App struct {
	cfg    config.Config
	log    *slog.Logger
	store  store.Store
	people *departing // the store, as whatever names people uses it
	cache  caches
	lock   *os.File // held for as long as the data folder is ours

	policies *policies
	reel     *reel.Reel
	engine   *engine.Engine
	journal  *journal.Writer // nil: none is kept
	signals  *signals
	hub      *conn.Hub
	ready    *readiness
	steward  *steward.Steward
	tidied   tidied
	doorShut atomic.Bool // newcomers are told to come back
	since    time.Time
	version  string
	fronts   []*front
	admin    *admin.Server
}

// New opens the data folder, the store, the plugins and the listeners. Nobody is
// served before Run; while a configured database is away, or another server uses
// it, New waits and nothing listens yet.
func New(ctx context.Context, cfg config.Config, o Options) (_ *App, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	a := &App{cfg: cfg, log: o.Log, since: o.Now(), version: o.Version}
	defer func() {
		if err != nil {
			a.close(context.WithoutCancel(ctx))
		}
	}()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if a.lock, err = lockFolder(cfg.Data); err != nil {
		return nil, err
	}
	if err := portsFree(cfg, o); err != nil {
		return nil, err
	}
	if a.store, err = openStore(ctx, cfg, o); err != nil {
		return nil, err
	}
	if err := a.openCaches(o); err != nil {
		return nil, err
	}
	a.people = newDeparting(a.store, o.Now)
	photos, err := media.New(filepath.Join(cfg.Data, "media"))
	if err != nil {
		return nil, err
	}
	if a.policies, err = openPolicies(ctx, cfg, a.store, o); err != nil {
		return nil, err
	}
	if err := a.assemble(o); err != nil {
		return nil, err
	}
	a.signals = &signals{Backend: a.engine, trim: a.policies.plugins.Signal, now: o.Now, log: o.Log}
	backend := conn.Backend(a.signals)
	if o.Backend != nil {
		backend = o.Backend(backend)
	}
	a.hub = conn.New(conn.Config{
		Origins: cfg.Origins, TrustedProxies: cfg.TrustedProxies,
		MaxConns: cfg.MaxConns, MaxStrangers: cfg.ConnsPerAddress, DrainPerSecond: cfg.DrainRate, Pressure: a.pressure,
		Compress: cfg.CompressWS,
	}, backend, login{a.store, o.Now}, o.Log, o.Now)
	a.openSteward(o)
	a.ready = &readiness{shut: &a.doorShut, ping: a.store.Ping, now: o.Now, log: o.Log, started: a.engine.Started()}
	routes := api.New(api.Deps{
		People: a.store, Accounts: a.people, Meetings: a.store, Media: photos, Lobby: a.door(),
		Passwords: newPasswords(cfg.Limits, o), Forget: a.forget,
		TooBig: media.ErrTooBig, NotImage: media.ErrNotImage, NoMedia: media.ErrNotFound, Busy: password.ErrBusy,
		ICE:   newRelays(cfg).forAPI,
		NewID: newID(o), NewToken: func() (string, string, error) { return store.NewToken(o.Random) }, HashToken: store.HashToken,
		Online: func() int { return a.engine.Stats().People }, Figures: a.figures, Now: o.Now, Log: o.Log,
		Ready: a.ready.reasons, Metrics: metrics.Handler(Metrics, a.moment, o.Log),
	}, cfg)
	mount(routes, a.hub)
	if a.fronts, err = listen(cfg, compress.Handler(routes), o); err != nil {
		return nil, err
	}
	if a.admin, err = openAdmin(cfg, a.policies.plugins, moderator{a.store, a.door(), o.Now, o.Log}, a.health, o); err != nil {
		return nil, err
	}
	return a, nil
}

// assemble joins lobby, reel and policies.
func (a *App) assemble(o Options) error {
	epoch, err := newEpoch(o)
	if err != nil {
		return err
	}
	seed, err := newSeed(o.Random)
	if err != nil {
		return err
	}
	ranks := reel.Config{
		K: a.cfg.Reel.Visible, Reserve: a.cfg.Reel.Reserve, OfferFor: a.cfg.Lobby.Offer,
		ExposureFactor: a.cfg.Reel.ExposureFactor,
	}
	runs := engine.Config{Lobby: "main", Epoch: epoch, Rules: a.cfg.Rules()}
	if err := a.openJournal(runs, ranks, o); err != nil {
		return err
	}
	a.reel = reel.New(ranks, reel.Deps{
		Ranker: a.policies.match, Stale: a.policies.stale,
		Emit: a.shown, Now: o.Now, Log: o.Log,
	})
	a.engine = engine.New(runs, a.journalled(engine.Deps{
		Store: a.people, Reel: a.reel, Decide: a.policies.decide,
		Face: newFaces(a.cfg.Product, a.policies.plugins.Plan, a.cache.cards).face,
		ICE:  newRelays(a.cfg).forCall, Now: o.Now, Seed: seed, Log: o.Log,
	}))
	return nil
}

// Run serves until ctx ends, then tells everyone to come back later, stores
// what was decided and closes everything. Calls in progress stay in the store
// and are found again by the next server.
func (a *App) Run(ctx context.Context) error {
	off := context.WithoutCancel(ctx)
	defer a.log.Info("stopped")
	defer a.close(off)
	inner, stopInner := context.WithCancel(off)
	defer stopInner()

	var g errgroup.Group
	failed, fail := context.WithCancel(ctx) // ends when ctx does, or when a part fails
	defer fail()
	part := func(name string, run func(context.Context) error) {
		g.Go(func() error {
			defer fail()
			if err := run(inner); err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	part("reel", a.reel.Run)
	part("steward", a.steward.Run)
	part("lobby", a.engine.Run)
	part("plugins", func(ctx context.Context) error { return a.policies.watch(ctx, a.steward.Stirred, a.engine.Reface) })
	select {
	case <-a.engine.Started():
		part("readiness", a.ready.watch)
		for _, f := range a.fronts {
			part("http", func(context.Context) error { return f.serve() })
		}
		a.startAdmin(part)
		a.log.Info("serving", "url", a.URL(), "plugins", a.policies.names())
		crowd := a.startDemo(failed)
		<-failed.Done()
		<-crowd
	case <-failed.Done():
	}

	a.ready.leaving.Store(true)
	a.log.Info("stopping: everyone is told when to come back", "sockets", a.hub.Stats().Open)
	drain, cancel := context.WithTimeout(off, a.cfg.DrainTimeout)
	defer cancel()
	if err := a.hub.Drain(drain); err != nil {
		a.log.Warn("sockets were cut off", "err", err)
	}
	for _, f := range a.fronts {
		f.shutdown(drain)
	}
	a.log.Info("drained: what was decided is being stored")
	stopInner()
	return g.Wait()
}

// close releases what New opened.
func (a *App) close(ctx context.Context) {
	for _, f := range a.fronts {
		f.close()
	}
	if a.admin != nil {
		a.admin.Close()
	}
	a.closeJournal()
	if a.policies != nil {
		a.policies.close(ctx)
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.log.Error("store not closed cleanly", "err", err)
		}
	}
	a.cache.close()
	if a.lock != nil {
		_ = a.lock.Close()
	}
}

// Stats are the lobby's figures now.
func (a *App) Stats() engine.Stats { return a.engine.Stats() }
