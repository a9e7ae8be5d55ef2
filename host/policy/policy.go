// Package policy is the four questions Napalm Sky lets a plugin answer: who
// ranks where (Match), how long a pair is kept apart (Cooldown), what leaves
// the server (Trim), what two browsers must tell each other (Signalling). A plugin proposes, the host disposes: every answer is
// validated here before anyone acts on it.
//
// wasm/ answers with sandboxed WebAssembly, native/ with the reference plugins
// compiled in; policytest/ proves that both answer alike, byte for byte.
package policy

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/napalmsky/napalmsky/host/lobby"
)

var (
	// ErrTrap: the plugin crashed, ran out of memory or of fuel. Its instance is gone.
	ErrTrap = errors.New("plugin trapped")
	// ErrFuel: it used more computing than one call may. Always with ErrTrap, and
	// on every machine the same.
	ErrFuel = errors.New("plugin ran out of fuel")
	// ErrInvalid: the plugin answered, but with something the contract forbids.
	ErrInvalid = errors.New("plugin answered out of contract")
	// ErrRefused: the plugin cannot be loaded; the wrapping error says why in one sentence.
	ErrRefused = errors.New("plugin refused")
)

// Generation is one plugin version with one revision of its params. Scores of
// two generations are not comparable.
type Generation struct {
	Name   string // the plugin's name and version, for people
	Digest string // hex SHA-256 of the wasm bytes; "native:<name>@<version>" for a baseline
	Params int    // revision, from 1
}

// String is short enough for a log line or a frame and still tells generations apart.
func (g Generation) String() string {
	return g.Digest[:min(12, len(g.Digest))] + "/" + strconv.Itoa(g.Params)
}

// Ineligible is the score of a pair that must not meet, as far as the plugin is concerned.
const Ineligible = math.MinInt32

// MaxRowsPerCall bounds one Score call.
const MaxRowsPerCall = 1000

// Person is what the host knows of someone that a match plugin may ask for.
type Person struct {
	Gender  uint8            // index into the product's genders
	Seeking uint8            // bit set over them
	Age     uint8            // years
	AgeMin  uint8            // whom they wish to meet, inclusive
	AgeMax  uint8            //
	Tags    uint64           // bit set over the product's tags
	Langs   uint64           // bit set over the product's languages
	Since   int64            // Unix ms when they began to wait
	Attrs   map[string]int64 // the product's own, by name
}

// Match is one generation of a matching rule over a table of people.
// Not safe for concurrent use: one reel owns one Match.
type Match interface {
	Generation() Generation
	// Set fills a row (0 <= row < 1<<20); the row number stays the caller's to
	// reuse, between calls.
	Set(row int, p *Person)
	// Score writes into out[i] how much the person in row viewer wishes to see the
	// one in row first+i at now (Unix ms): higher is better, Ineligible is never.
	// len(out) <= MaxRowsPerCall; the viewer's own row answers Ineligible.
	// Errors: ErrTrap, ErrInvalid, ctx's; out is then meaningless.
	Score(ctx context.Context, now int64, viewer, first int, out []int32) error
	// ScoreFor is the other direction: how much each person in rows first+i wishes to see candidate.
	ScoreFor(ctx context.Context, now int64, candidate, first int, out []int32) error
	// Close frees what the table holds; the Match is unusable afterwards.
	Close(ctx context.Context) error
}

// Cooldown is one generation of a cooldown rule. Safe for concurrent use.
type Cooldown interface {
	Generation() Generation
	// Decide answers how many seconds the pair is kept apart (0: not at all).
	// Errors: ErrTrap, ErrInvalid (negative, or more than 10 years), ctx's.
	Decide(ctx context.Context, c lobby.Case) (seconds int64, err error)
}

// Trim is one generation of a payload rule. Safe for concurrent use.
type Trim interface {
	Generation() Generation
	// Plan is asked once per kind of payload and audience; see Plan.
	// Errors: ErrTrap, ErrInvalid, ctx's.
	Plan(ctx context.Context, kind, audience string) (Plan, error)
}

// Signalling is one generation of a rule that shortens what two browsers tell
// each other. Safe for concurrent use.
type Signalling interface {
	Generation() Generation
	// Trim answers body with parts left out, as CheckSignal allows; the answer may
	// be body itself. kind is offer, answer or candidate.
	// Errors: ErrTrap, ErrInvalid, ctx's; body is then to be passed on as it is.
	Trim(ctx context.Context, kind string, body []byte) ([]byte, error)
}
