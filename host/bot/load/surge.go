package load

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
)

// Disturb is what happens to an evening a third into its measured part. The
// zero value is a quiet one.
type Disturb struct {
	// Surge: everybody invites so many times as often, for SurgeFor (default 30 s).
	// What fails meanwhile was shed and is forgiven; what must never happen is not.
	Surge    float64
	SurgeFor time.Duration
	// Storm cuts everybody's line at once; they come back within so long.
	Storm time.Duration
}

func (d Disturb) any() bool { return d.Surge > 1 || d.Storm > 0 }

// recoverWithin is how long a server may take to be its old self after a
// disturbance, and recoverSteady how many seconds in a row show that it is.
const (
	recoverWithin = 10 * time.Second
	recoverSteady = 3
	fineMS        = 10 // latencies up to this are fine whatever they were before
)

// Recovery says how a run came back from its disturbance. The latency is that
// of rings, chat lines and offers.
type Recovery struct {
	CalmP99MS float64  `json:"calm_p99_ms"`     // before
	WorstP99  float64  `json:"worst_p99_ms"`    // of any second, from the disturbance on
	LimitMS   float64  `json:"limit_ms"`        // what counts as recovered: twice the calm, or 10 ms
	Seconds   *float64 `json:"seconds"`         // after the disturbance; null: never
	Forgiven  int64    `json:"errors_forgiven"` // during a surge and the time to recover
}

// Held says that the server was its old self in time.
func (r *Recovery) Held() bool {
	return r.Seconds != nil && *r.Seconds <= recoverWithin.Seconds()
}

// mood lets people invite as often as the surge of the moment wants. They plan
// for the surge all the time and mostly let it be: a Poisson process thinned.
type mood struct {
	surge   float64
	surging atomic.Bool
}

func (m *mood) eager(r *rand.Rand) bool { return m.surging.Load() || r.Float64()*m.surge < 1 }

// feels gives everybody the mood.
func (m *mood) feels(e *bot.Evening) {
	if m.surge > 1 {
		e.Habits.InviteMean = time.Duration(float64(e.Habits.InviteMean) / m.surge)
		e.Eager = m.eager
	}
}

// steadily plays the measured part: quiet, or a third quiet, the disturbance,
// and what follows it.
func (e *run) steadily(ctx context.Context) *Recovery {
	d := e.cfg.Disturb
	if !d.any() {
		e.steady(ctx, e.cfg.Steady)
		return nil
	}
	begun := e.client.Now()
	e.steady(ctx, e.cfg.Steady/3)
	calm := e.referee.seconds()
	before := e.referee.failures()
	if d.Storm > 0 {
		e.progress.phase("storm")
		close(e.storm)
		e.steady(ctx, d.Storm)
	}
	if d.Surge > 1 {
		e.progress.phase("surge")
		e.mood.surging.Store(true)
		e.steady(ctx, d.SurgeFor)
		e.mood.surging.Store(false)
	}
	after := len(e.referee.seconds())
	e.progress.phase("recover")
	e.steady(ctx, recoverWithin)
	forgiven := int64(0)
	if d.Surge > 1 {
		forgiven = e.referee.failures() - before
	}
	e.steady(ctx, e.cfg.Steady-e.client.Now().Sub(begun))
	r := recovery(calm, e.referee.seconds(), after)
	r.Forgiven = forgiven
	return r
}

// recovery judges a run's seconds. The first len(calm) of them were quiet, and
// the disturbance was over with the second number after.
func recovery(calm []time.Duration, all []time.Duration, after int) *Recovery {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	var h Histogram
	for _, p99 := range calm {
		h.Add(p99)
	}
	r := &Recovery{CalmP99MS: ms(h.Quantile(0.9))}
	r.LimitMS = max(fineMS, 2*r.CalmP99MS)
	fine := 0
	for i, p99 := range all[len(calm):] {
		r.WorstP99 = max(r.WorstP99, ms(p99))
		if i += len(calm); i < after || r.Seconds != nil {
			continue
		}
		if ms(p99) > r.LimitMS {
			fine = 0
		} else if fine++; fine == recoverSteady {
			s := float64(i - after - recoverSteady + 1)
			r.Seconds = &s
		}
	}
	return r
}
