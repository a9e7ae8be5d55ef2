// Package soak plays a crowd that churns against a server for as long as one
// likes, and judges whether anything grows that must not: its memory, its
// goroutines, its database by the call. The Referee of package load watches
// everybody meanwhile; all who can still log in read their histories again and
// again, while the server archives what is in them.
//
// The server is expected to compress time: guests' sessions of about a minute,
// calls archived as old, chores every few seconds; see .ci/soak.
package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/load"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// Config is one soak.
type Config struct {
	Target   string        // base URL of the server
	People   int           // in the lobby at any time; at least 8
	For      time.Duration // at least a minute
	Seed     uint64
	Progress io.Writer // one line every ten seconds; nil: none
	Client   bot.Options
}

func (c *Config) check() error {
	switch {
	case c.People < 8:
		return errors.New("soak: at least 8 people are needed")
	case c.For < time.Minute:
		return errors.New("soak: a minute is the least")
	}
	return nil
}

const (
	stayMin, stayMax = 20 * time.Second, 80 * time.Second
	regulars         = 5                // one of so many stays all the time
	vanish           = 3                // one of so many who leave does not say so
	readEvery        = 15 * time.Second // one's history; a session of a minute is renewed by it
	readerShare      = 10               // one of so many who left goes on reading
	maxReaders       = 200
	quietWait        = 45 * time.Second // until what runs has ended
	emptyWait        = 4 * time.Minute  // until the server has tidied up after everybody
)

// crowd is one soak in progress.
type crowd struct {
	cfg     Config
	client  *bot.Client
	referee *load.Referee
	choices bot.Choices
	photos  [][]byte
	habits  bot.Habits
	wind    chan struct{} // closed when nobody starts anything new

	mu      sync.Mutex // guards what follows
	people  int        // signed up so far
	readers []*bot.Person
}

// Run soaks the server. The error says why it could not be done; what went
// wrong *in* it is in the report.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	client, err := bot.NewClient(cfg.Target, cfg.Client)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	c := &crowd{cfg: cfg, client: client, referee: load.NewReferee(), habits: hurried(), wind: make(chan struct{})}
	if c.choices, err = client.Choices(ctx); err != nil {
		return nil, err
	}
	for i := range 16 {
		photo, err := bot.Portrait(bot.Rand(cfg.Seed, i), 64)
		if err != nil {
			return nil, err
		}
		c.photos = append(c.photos, photo)
	}
	return c.soak(ctx)
}

// hurried are the habits of the workload page, some five times as fast.
func hurried() bot.Habits {
	h := bot.Workload(sdp.Offer, sdp.Answer)
	h.InviteMean, h.AnswerMin, h.AnswerMax, h.Patience = 8*time.Second, 300*time.Millisecond, time.Second, 8*time.Second
	h.Candidates, h.ChatAt = 4, []time.Duration{time.Second, 2 * time.Second}
	h.EndMin, h.EndMax = 3*time.Second, 6*time.Second
	h.DropMean = time.Minute
	return h
}

func (c *crowd) soak(ctx context.Context) (*Report, error) {
	s := &sampler{client: c.client, begun: c.client.Now()}
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	living, stopLiving := context.WithCancel(ctx)
	defer stopLiving()
	var slots, around sync.WaitGroup
	defer slots.Wait()
	watching, stopWatching := context.WithCancel(ctx)
	defer func() { stopWatching(); around.Wait() }()
	around.Go(func() { c.watch(watching) })
	around.Go(func() { c.read(watching) })
	for i := range c.cfg.People {
		slots.Go(func() { c.slot(living, i) })
	}
	var failed error
	for every, n := max(c.cfg.For/200, time.Second), 0; c.client.Now().Sub(s.begun) < c.cfg.For; n++ {
		if !load.Wait(ctx, every) {
			return nil, ctx.Err()
		}
		if failed = s.take(ctx); failed != nil {
			break // a server that does not answer is seen best at once
		}
	}
	if failed != nil {
		return nil, failed
	}
	close(c.wind)
	c.referee.AwaitQuiet(ctx, c.client.Now, quietWait)
	c.referee.Finish(c.client.Now())
	stopLiving()
	slots.Wait()

	report := &Report{People: c.cfg.People, Samples: s.samples}
	calls := float64(c.referee.Outcome().Calls)
	report.Archived = c.until(ctx, func(f map[string]float64) bool { return f["steward.archived"] >= calls })
	c.readAll(ctx)
	stopWatching()
	around.Wait()
	c.mu.Lock()
	report.Guests, report.Readers = c.people, len(c.readers)
	c.mu.Unlock()
	report.Emptied = c.until(ctx, func(f map[string]float64) bool {
		return f["steward.sessions"] >= float64(report.Guests) && f["lobby.streams"]+f["lobby.known"]+f["conn.open"] == 0
	})
	last, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	report.End, report.Outcome = last, c.referee.Outcome()
	report.judge()
	return report, ctx.Err()
}

// until waits for the server's own figures to say something.
func (c *crowd) until(ctx context.Context, done func(map[string]float64) bool) bool {
	for deadline := c.client.Now().Add(emptyWait); c.client.Now().Before(deadline); {
		if done(load.Figures(ctx, c.client)) {
			return true
		}
		if !load.Wait(ctx, time.Second) {
			return false
		}
	}
	return false
}

// watch counts overdue answers and shows how it goes.
func (c *crowd) watch(ctx context.Context) {
	for n := 1; load.Wait(ctx, time.Second); n++ {
		now := c.client.Now()
		c.referee.Sweep(now)
		if c.cfg.Progress == nil || n%10 != 0 {
			continue
		}
		u := c.referee.Pulse()
		c.mu.Lock()
		fmt.Fprintf(c.cfg.Progress, "%5ds  %d guests so far  %d connected  %d in calls  %d errors  %d violations\n",
			n, c.people, u.Connected, u.InCalls, u.Errors, u.Violations)
		c.mu.Unlock()
	}
}
