package load

import (
	"context"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
)

// gauge reads the server's process once a second.
type gauge struct {
	proc *Process // nil: unknown

	mu     sync.Mutex
	steady bool
	sum    float64
	n      int
	peak   float64
}

// sample reads the memory. A server that died is the sockets' news, not ours.
func (g *gauge) sample() {
	if g.proc == nil {
		return
	}
	rss, err := g.proc.RSS()
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.peak = max(g.peak, float64(rss))
	if g.steady {
		g.sum += float64(rss)
		g.n++
	}
}

// average is of the measured part; nil if nothing is known.
func (g *gauge) average() *float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n == 0 {
		return nil
	}
	avg := g.sum / float64(g.n)
	return &avg
}

func (g *gauge) measure(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.steady = on
}

// mark is every growing figure at one moment; two of them make rates.
type mark struct {
	at                           time.Time
	cpu                          *time.Duration
	httpIn, httpOut, wsIn, wsOut int64
	msgIn, msgOut                int64
	stats                        map[string]float64
}

func (g *gauge) mark(c *bot.Client) mark {
	var m mark
	if g.proc != nil {
		if cpu, err := g.proc.CPU(); err == nil {
			m.cpu = &cpu
		}
	}
	m.at = c.Now()
	m.httpIn, m.httpOut, m.wsIn, m.wsOut = c.Meter.HTTPIn.Load(), c.Meter.HTTPOut.Load(), c.Meter.WSIn.Load(), c.Meter.WSOut.Load()
	m.msgIn, m.msgOut = c.Meter.MsgIn.Load(), c.Meter.MsgOut.Load()
	return m
}

// numbers are the numbers of GET /v1/stats, nested ones under dotted names.
// The server may say nothing of itself.
func numbers(ctx context.Context, c *bot.Client) map[string]float64 {
	raw, err := c.Stats(ctx)
	if err != nil {
		return nil
	}
	out := map[string]float64{}
	flatten(out, "", raw)
	return out
}

func flatten(out map[string]float64, prefix string, v map[string]any) {
	for k, x := range v {
		switch x := x.(type) {
		case float64:
			out[prefix+k] = x
		case map[string]any:
			flatten(out, prefix+k+".", x)
		}
	}
}

// perMinute is the CPU seconds per minute between two marks; nil if unknown.
func perMinute(from, until mark) *float64 {
	if from.cpu == nil || until.cpu == nil {
		return nil
	}
	cpu := (*until.cpu - *from.cpu).Seconds() / until.at.Sub(from.at).Minutes()
	return &cpu
}

// rates fills in everything that is a difference of two marks.
func (g *gauge) rates(to *Report, from, until mark) {
	minutes := until.at.Sub(from.at).Minutes()
	to.SteadySeconds = minutes * 60
	per := func(a, b int64) float64 { return float64(b-a) / minutes }
	to.WS = TrafficRow{per(from.wsIn, until.wsIn), per(from.wsOut, until.wsOut)}
	to.HTTP = TrafficRow{per(from.httpIn, until.httpIn), per(from.httpOut, until.httpOut)}
	to.ToClients, to.FromClients = to.WS.To+to.HTTP.To, to.WS.From+to.HTTP.From
	to.MessagesToClients = per(from.msgIn, until.msgIn)
	to.Messages = to.MessagesToClients + per(from.msgOut, until.msgOut)

	s := &to.Server
	if g.proc != nil {
		s.PID = &g.proc.PID
	}
	if s.RSSAvg = g.average(); s.RSSAvg != nil {
		g.mu.Lock()
		peak := g.peak
		g.mu.Unlock()
		s.RSSPeak = &peak
	}
	s.CPU = perMinute(from, until)
	s.Stats = until.stats
	rate := func(name string) *float64 {
		a, ok1 := from.stats[name]
		b, ok2 := until.stats[name]
		if !ok1 || !ok2 {
			return nil
		}
		f := (b - a) / minutes
		return &f
	}
	s.Statements, s.Reads, s.Plugin = rate("store.statements"), rate("store.reads"), rate("policy.calls")
	s.lookups(rate("cache.hits"), rate("cache.misses"), rate("lobby.steps"))
}

// lookups says who answered them; rates of what the server counts, nil unknown.
func (s *ServerFigures) lookups(hits, misses, steps *float64) {
	if hits == nil || misses == nil {
		return
	}
	asked := *hits + *misses
	if asked > 0 {
		share := *hits / asked
		s.CacheHits = &share
	}
	if steps != nil && s.Reads != nil && asked+*steps > 0 {
		share := max(0, 1-*s.Reads/(asked+*steps))
		s.WithoutSQL = &share
	}
}
