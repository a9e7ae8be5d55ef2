package load

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/napalmsky/napalmsky/host/bot"
)

// signUp makes everybody, with a photo. Somebody who could not be made is a
// counted error and a nil evening.
func (e *run) signUp(ctx context.Context, choices bot.Choices) []*bot.Evening {
	e.people = make([]*bot.Person, e.cfg.People)
	evenings := make([]*bot.Evening, e.cfg.People)
	photos := e.portraits()
	var g errgroup.Group
	g.SetLimit(signUpsAtOnce)
	for i := range e.people {
		g.Go(func() error {
			r := bot.Rand(e.cfg.Seed, i)
			var p *bot.Person
			err := e.patiently(ctx, "sign_up", func() (err error) {
				p, err = e.client.SignUp(ctx, bot.RandomProfile(bot.Rand(e.cfg.Seed, i), choices))
				return err
			})
			if err != nil {
				return nil // counted
			}
			p.Lean()
			p.Watch(e.referee)
			e.people[i] = p
			evenings[i] = &bot.Evening{Person: p, Rand: r, Habits: e.habits, Storm: e.storm, Within: e.cfg.Disturb.Storm}
			e.mood.feels(evenings[i])
			if len(photos) > 0 {
				_ = e.patiently(ctx, "photo", func() error { return p.SetPhoto(ctx, photos[i%len(photos)]) }) // counted
			}
			return nil
		})
	}
	_ = g.Wait() // no member returns an error
	return evenings
}

// portraits are drawn once: ten thousand of them would cost more than the evening.
func (e *run) portraits() (photos [][]byte) {
	for i := range min(photoKinds, e.cfg.People) {
		photo, err := bot.Portrait(bot.Rand(e.cfg.Seed, i), photoPixels)
		if err != nil {
			e.referee.Error("photo", err)
			return nil
		}
		photos = append(photos, photo)
	}
	return photos
}

// patiently does one HTTP request, again as long as the server asks for
// patience. A failure is counted and returned.
func (e *run) patiently(ctx context.Context, kind string, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		after, busy := bot.Busy(err)
		if !busy {
			e.referee.Error("http_"+kind, err)
			return err
		}
		e.referee.Refusal("http_" + kind + "_later")
		if !Wait(ctx, after) {
			return ctx.Err()
		}
	}
}

// watch keeps the run's pulse: memory, overdue answers, the progress line.
func (e *run) watch(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			e.gauge.sample()
			e.self.sample()
			e.referee.second()
			e.referee.Sweep(e.client.Now())
			e.progress.line(e.client.Now(), e.referee.Pulse())
		}
	}
}

// histories compares everybody's history with what the referee saw.
func (e *run) histories(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(signUpsAtOnce)
	for _, p := range e.people {
		if p == nil {
			continue
		}
		g.Go(func() error {
			e.referee.Compare(ctx, p.ID, historyTries, func() (h bot.History, err error) {
				err = e.patiently(ctx, "history", func() (err error) { h, err = p.History(ctx); return err })
				return h, err // counted
			})
			return nil
		})
	}
	_ = g.Wait() // no member returns an error
}
