package soak

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/load"
)

// slot is one place in the lobby: whoever leaves it is followed by a new guest.
func (c *crowd) slot(ctx context.Context, place int) {
	stays := place%regulars == 0
	if !load.Wait(ctx, time.Duration(place)*50*time.Millisecond) {
		return
	}
	for {
		select {
		case <-c.wind:
			return
		case <-ctx.Done():
			return
		default:
		}
		n := c.number()
		if p := c.signUp(ctx, n); p != nil {
			c.live(ctx, p, n, stays)
		} else if !load.Wait(ctx, time.Second) {
			return
		}
	}
}

// number counts the guests; it seeds what each of them does.
func (c *crowd) number() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people++
	return c.people
}

// signUp makes a guest with a photo; nil, counted, if the server would not.
func (c *crowd) signUp(ctx context.Context, n int) *bot.Person {
	p, err := c.client.SignUp(ctx, bot.RandomProfile(bot.Rand(c.cfg.Seed, n), c.choices))
	if err != nil {
		c.failed(ctx, "http_sign_up", err)
		return nil
	}
	p.Lean()
	p.Watch(c.referee)
	if err := p.SetPhoto(ctx, c.photos[n%len(c.photos)]); err != nil {
		c.failed(ctx, "http_photo", err)
	}
	return p
}

// failed counts an error that is not our own end.
func (c *crowd) failed(ctx context.Context, kind string, err error) {
	if ctx.Err() == nil {
		c.referee.Error(kind, err)
	}
}

// live is a guest's whole life here: an evening, shorter or longer, with a look
// at the history now and then; some go home, some just vanish.
func (c *crowd) live(ctx context.Context, p *bot.Person, n int, stays bool) {
	r := bot.Rand(c.cfg.Seed+1, n)
	evening := &bot.Evening{Person: p, Rand: r, Habits: c.habits}
	present, vanished := context.WithCancel(ctx)
	stay := stayMin + time.Duration(r.Float64()*float64(stayMax-stayMin))
	switch {
	case stays:
	case r.IntN(vanish) == 0:
		present, vanished = context.WithTimeout(ctx, stay)
	default:
		evening.Stay = stay
	}
	defer vanished()
	reading, stop := context.WithCancel(present)
	var reader sync.WaitGroup
	reader.Go(func() {
		for load.Wait(reading, readEvery) {
			c.compare(reading, p)
		}
	})
	err := evening.Run(present, c.wind)
	stop()
	reader.Wait()
	if err == nil && present.Err() == nil {
		load.Wait(ctx, time.Second) // what was on its way when they left
	}
	p.Close()
	c.referee.Left(p.ID)
	if errors.Is(err, bot.ErrOut) {
		return // counted by the code that did it
	}
	if stays || r.IntN(readerShare) == 0 {
		c.mu.Lock()
		if stays || len(c.readers) < maxReaders {
			c.readers = append(c.readers, p)
		}
		c.mu.Unlock()
	}
}

// read keeps the sessions of those who read on alive, and their histories judged.
func (c *crowd) read(ctx context.Context) {
	for load.Wait(ctx, readEvery) {
		c.readAll(ctx)
	}
}

func (c *crowd) readAll(ctx context.Context) {
	c.mu.Lock()
	readers := append([]*bot.Person(nil), c.readers...)
	c.mu.Unlock()
	var g errgroup.Group
	g.SetLimit(4)
	for _, p := range readers {
		g.Go(func() error { c.compare(ctx, p); return nil })
	}
	_ = g.Wait() // no member returns an error
}

// compare holds a history against what the referee saw.
func (c *crowd) compare(ctx context.Context, p *bot.Person) {
	c.referee.Compare(ctx, p.ID, 4, func() (bot.History, error) {
		h, err := p.WholeHistory(ctx)
		if err != nil {
			c.failed(ctx, "http_history", err)
		}
		return h, err
	})
}
