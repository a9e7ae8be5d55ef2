package soak

import (
	"context"
	"errors"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/load"
)

// Sample is one look at the server.
type Sample struct {
	At         float64 // seconds since the beginning
	RSS        float64 // bytes
	Live       float64 // bytes of Go's heap after the latest collection
	Goroutines float64
	Database   float64 // bytes
	Archived   float64 // calls, since the server started
	Sessions   float64 // that expired and are deleted
	Failed     float64 // chores
	Known      float64 // people the lobby knows
}

// sampler takes samples from /v1/stats.
type sampler struct {
	client  *bot.Client
	begun   time.Time
	samples []Sample
}

func (s *sampler) take(ctx context.Context) error {
	x, err := s.read(ctx)
	if err == nil {
		s.samples = append(s.samples, x)
	}
	return err
}

func (s *sampler) read(ctx context.Context) (Sample, error) {
	f := load.Figures(ctx, s.client)
	if f == nil {
		return Sample{}, errors.New("soak: the server does not tell its figures")
	}
	return sampleOf(s.client.Now().Sub(s.begun), f), nil
}

func sampleOf(at time.Duration, f map[string]float64) Sample {
	return Sample{
		At: at.Seconds(), RSS: f["memory.rss"], Live: f["runtime.live_bytes"], Goroutines: f["runtime.goroutines"],
		Database: f["store.bytes"], Archived: f["steward.archived"], Sessions: f["steward.sessions"], Failed: f["steward.failed"], Known: f["lobby.known"],
	}
}

// trend is a straight line through points, by least squares.
type trend struct{ mean, slope float64 }

// fit is the trend of y over x; the zero slope if x does not vary.
func fit(samples []Sample, x, y func(Sample) float64) trend {
	n := float64(len(samples))
	if n == 0 {
		return trend{}
	}
	var mx, my float64
	for _, s := range samples {
		mx, my = mx+x(s)/n, my+y(s)/n
	}
	var xx, xy float64
	for _, s := range samples {
		dx := x(s) - mx
		xx, xy = xx+dx*dx, xy+dx*(y(s)-my)
	}
	if xx == 0 {
		return trend{my, 0}
	}
	return trend{my, xy / xx}
}

func seconds(s Sample) float64 { return s.At }
