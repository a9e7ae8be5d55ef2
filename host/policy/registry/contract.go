// Package registry keeps the plugins that answer the policy hooks: it verifies
// and warms what an operator loads, swaps it in atomically, drains and closes
// what it replaces, takes a failing version out of service, and remembers across
// restarts which generation serves.
//
// A load is a straight line, and any failure on it keeps what was running and
// says why in one sentence:
//
//	read → digest → signature → verify → meter → compile → warm → self-check → swap → drain → close
package registry

import (
	"errors"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Hook is one of the four questions a plugin can answer.
type Hook string

const (
	Match    Hook = "match"
	Cooldown Hook = "cooldown"
	Trim     Hook = "trim"

	Signalling Hook = "signalling"
)

// Hooks lists them in the order people read them.
var Hooks = [...]Hook{Match, Cooldown, Trim, Signalling}

// HookNames lists them in a sentence: "match, cooldown and trim".
func HookNames() string {
	names := make([]string, len(Hooks))
	for i, h := range Hooks {
		names[i] = string(h)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

var (
	// ErrNoSuch: no hook, plugin or version of that name.
	ErrNoSuch = errors.New("no such plugin")
	// ErrNothingBefore: there is no earlier generation to go back to.
	ErrNothingBefore = errors.New("nothing to roll back to")
	// ErrBadParam: the wrapping error names the knob and its bounds.
	ErrBadParam = errors.New("bad parameter")
	// ErrUnsigned: trusted keys are configured and none of them signed this.
	ErrUnsigned = errors.New("not signed by a trusted key")
	// ErrQuarantined: it failed too often, and nobody said that it shall serve again.
	// The wrapping error says when and how.
	ErrQuarantined = errors.New("in quarantine")
)

// State says where a version stands.
type State string

const (
	Serving     State = "serving"
	Warm        State = "warm"        // the previous one, ready for an instant roll back
	Draining    State = "draining"    // replaced, still leased
	Quarantined State = "quarantined" // taken out of service after repeated failures
	Stored      State = "stored"      // on disk only
)

// Version is one plugin file as the registry knows it.
type Version struct {
	Digest   string       `json:"digest"` // hex SHA-256 of the file
	Name     string       `json:"name"`
	Version  string       `json:"version"`
	Hooks    []Hook       `json:"hooks"`
	Params   []abi.Param  `json:"params"` // the knobs it offers
	Bytes    int          `json:"bytes"`
	State    State        `json:"state"`
	LoadedAt time.Time    `json:"loaded_at"`
	Reason   string       `json:"reason,omitempty"`        // when and why it was quarantined
	Attrs    []string     `json:"attrs,omitempty"`         // the product's attributes it reads
	Missing  []string     `json:"missing_attrs,omitempty"` // those of them that the server does not know: 0 for everybody
	Use      []HookFigure `json:"use,omitempty"`
}

// HookFigure is what one hook of a version has done since it was loaded.
type HookFigure struct {
	Hook      Hook    `json:"hook"`
	Calls     uint64  `json:"calls"`
	Trapped   uint64  `json:"trapped"`
	Exhausted uint64  `json:"exhausted"` // of the trapped: out of fuel
	Invalid   uint64  `json:"invalid"`
	P50us     float64 `json:"p50_us"`
	P99us     float64 `json:"p99_us"`
	Fuel      uint64  `json:"fuel"`         // units spent in all calls
	MemBytes  uint64  `json:"memory_bytes"` // of its instances, now
	Instances int     `json:"instances"`
}

// Generation is what serves a hook: a version with one revision of its params.
type Generation struct {
	Hook   Hook             `json:"hook"`
	Digest string           `json:"digest"`
	Name   string           `json:"name"` // name@version
	Params map[string]int64 `json:"params"`
	Rev    int              `json:"revision"` // grows by one at every change of the hook, swaps included
	Since  time.Time        `json:"since"`
	By     string           `json:"by"`
	Paused bool             `json:"paused,omitempty"` // the reference rule compiled in answers instead
}

// Status is a moment's whole picture.
type Status struct {
	Serving  []Generation `json:"serving"` // one for each hook
	Versions []Version    `json:"versions"`
	Past     []HookFigure `json:"-"` // one for each hook: what versions did since the start that are deleted by now
}

// Change is one line of the audit log: who did what to which hook, and how it went.
type Change struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	Action string    `json:"action"` // load, load again (out of quarantine), set, rollback, pause, resume, quarantine, seed, delete
	Hook   Hook      `json:"hook,omitempty"`
	Digest string    `json:"digest,omitempty"`
	Before string    `json:"before,omitempty"` // generation, as Generation.String, and its knobs
	After  string    `json:"after,omitempty"`
	Result string    `json:"result"` // "ok", or the one sentence why not
}

// String is short enough for a log line.
func (g Generation) String() string {
	return g.Name + " " + g.Digest[:min(12, len(g.Digest))]
}
