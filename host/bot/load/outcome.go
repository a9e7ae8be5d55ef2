package load

import (
	"context"

	"github.com/napalmsky/napalmsky/host/bot"
)

// Outcome is what the referee has counted so far: calls, errors, violations,
// refusals and latencies. The report's other figures are empty.
func (r *Referee) Outcome() *Report {
	report := &Report{}
	r.judgement(report)
	return report
}

// Left says that a person has gone for good, whatever they were in the middle
// of: nobody will hear how that ended for them. Call it once they are closed.
func (r *Referee) Left(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seat(id)
	r.loseTrack(s)
	s.pending = nil
}

// Figures are the numbers of GET /v1/stats, nested ones under dotted names; nil
// if the server says nothing of itself.
func Figures(ctx context.Context, c *bot.Client) map[string]float64 { return numbers(ctx, c) }
