package load

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Report is what a run found, as it is written to JSON. Per-minute figures and
// latencies are of the steady part; errors, refusals and violations of the
// whole run. A figure that could not be learned is null.
type Report struct {
	Target        string  `json:"target"`
	Wire          string  `json:"wire"`  // json or binary
	Label         string  `json:"label"` // what was measured, in the operator's words
	People        int     `json:"people"`
	Seed          uint64  `json:"seed"`
	StartedAt     string  `json:"started_at"` // RFC 3339
	RampSeconds   float64 `json:"ramp_seconds"`
	SettleSeconds float64 `json:"settle_seconds"`
	SteadySeconds float64 `json:"steady_seconds"` // as measured

	CutPerMinute float64   `json:"cut_per_minute"`
	Storm        float64   `json:"storm_seconds"` // 0: there was none
	Surge        float64   `json:"surge"`         // 0: there was none
	Recovery     *Recovery `json:"recovery"`      // null: nothing disturbed the evening

	Connected int   `json:"connected"` // at the end of the steady part
	Invites   int64 `json:"invites"`   // of the whole run
	Calls     int64 `json:"calls"`     // started, of the whole run

	// Signalling that arrived, in the whole run.
	Signalling Signals `json:"signalling"`

	ErrorsTotal       int64            `json:"errors_total"`
	Errors            map[string]int64 `json:"errors"`
	ErrorExamples     []string         `json:"error_examples"`
	Violations        int64            `json:"invariant_violations"`
	ViolationKinds    map[string]int64 `json:"invariant_violation_kinds"`
	ViolationExamples []string         `json:"invariant_violation_examples"`
	// Refusals are what races of two people explain; they are no errors.
	RefusalsTotal int64            `json:"refusals_total"`
	Refusals      map[string]int64 `json:"refusals"`

	Server    ServerFigures    `json:"server"`
	Memory    *Memory          `json:"memory"` // null: the server says nothing of it
	Generator GeneratorFigures `json:"generator"`

	ToClients         float64    `json:"bytes_to_clients_per_minute"`
	FromClients       float64    `json:"bytes_from_clients_per_minute"`
	WS                TrafficRow `json:"ws"`
	HTTP              TrafficRow `json:"http"`
	Messages          float64    `json:"messages_per_minute"`
	MessagesToClients float64    `json:"messages_to_clients_per_minute"`

	// LatencyMS has reel, reel_full, reel_delta, ring, start, chat and offer.
	LatencyMS map[string]Quantiles `json:"latency_ms"`
}

// ServerFigures are of the server's process, from the outside, and what it says of itself.
type ServerFigures struct {
	PID        *int     `json:"pid"`
	RSSAvg     *float64 `json:"rss_avg_bytes"`  // steady part
	RSSPeak    *float64 `json:"rss_peak_bytes"` // whole run
	CPU        *float64 `json:"cpu_seconds_per_minute"`
	Statements *float64 `json:"statements_per_minute"`
	Reads      *float64 `json:"read_statements_per_minute"`
	// CacheHits is the share of the caches' look-ups that they answered, and
	// WithoutSQL the share of all look-ups that needed no read statement, those in
	// the lobby's own state (one for each of its steps) included; steady part, 0 to 1.
	CacheHits  *float64 `json:"cache_hit_rate"`
	WithoutSQL *float64 `json:"lookups_without_sql"`
	Plugin     *float64 `json:"plugin_calls_per_minute"`
	// Stats holds every number of GET /v1/stats at the end of the steady part.
	Stats map[string]float64 `json:"stats"`
}

// GeneratorFigures tell how far the latencies can be trusted: they include
// what this process was late by.
type GeneratorFigures struct {
	Lag    Quantiles `json:"lag_ms"` // of a timer of 10 ms
	RSSAvg *float64  `json:"rss_avg_bytes"`
	CPU    *float64  `json:"cpu_seconds_per_minute"`
}

// TrafficRow is TCP payload of one protocol, bytes per minute.
type TrafficRow struct {
	To   float64 `json:"bytes_to_clients_per_minute"`
	From float64 `json:"bytes_from_clients_per_minute"`
}

// Signals are session descriptions and candidates that arrived; bytes of their
// bodies, before any compression.
type Signals struct {
	Pieces int64 `json:"pieces"`
	Said   int64 `json:"bytes_said"`
	Heard  int64 `json:"bytes_heard"` // what the server's diet left of them
}

// Quantiles are milliseconds; null if there was nothing to measure.
type Quantiles struct {
	Count uint64   `json:"count"`
	P50   *float64 `json:"p50"`
	P95   *float64 `json:"p95"`
	P99   *float64 `json:"p99"`
	Max   *float64 `json:"max"`
}

func quantilesOf(h *Histogram) Quantiles {
	q := Quantiles{Count: h.Count()}
	if q.Count == 0 {
		return q
	}
	ms := func(d time.Duration) *float64 { f := float64(d.Microseconds()) / 1000; return &f }
	q.P50, q.P95, q.P99, q.Max = ms(h.Quantile(0.50)), ms(h.Quantile(0.95)), ms(h.Quantile(0.99)), ms(h.Max())
	return q
}

// Passed says that nothing at all was wrong; what a surge made the server refuse
// is no fault if it recovered.
func (r *Report) Passed() bool {
	if r.Recovery != nil && (!r.Recovery.Held() || r.ErrorsTotal > r.Recovery.Forgiven) {
		return false
	}
	return r.Violations == 0 && (r.Recovery != nil || r.ErrorsTotal == 0)
}

// WriteJSON writes the report, indented.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("load: report: %w", err)
	}
	return nil
}

// judgement copies the referee's counts into the report.
func (r *Referee) judgement(to *Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to.Invites, to.Calls, to.Signalling = r.invites, r.started, r.signals
	to.ErrorsTotal, to.Errors, to.ErrorExamples = r.errors.total(), r.errors.counts, list(r.errors.examples)
	to.Violations, to.ViolationKinds, to.ViolationExamples = r.violations.total(), r.violations.counts, list(r.violations.examples)
	to.RefusalsTotal, to.Refusals = r.refusals.total(), r.refusals.counts
	t := &r.times
	to.LatencyMS = map[string]Quantiles{
		"reel": quantilesOf(&t.Reel), "reel_full": quantilesOf(&t.ReelFull), "reel_delta": quantilesOf(&t.ReelDelta),
		"ring": quantilesOf(&t.Ring), "start": quantilesOf(&t.Start), "chat": quantilesOf(&t.Chat), "offer": quantilesOf(&t.Offer),
	}
}

// list is never null in JSON.
func list(s []string) []string { return append([]string{}, s...) }
