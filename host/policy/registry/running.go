package registry

import (
	"encoding/json"
	"sync/atomic"
)

// running is an opened version with one set of params. Whoever uses it holds a
// lease; when the last one is given back it is closed, and never sooner.
type running struct {
	version *version
	plugin  answerer
	params  map[string]int64 // all knobs; never changed
	checked map[Hook]uint64  // fuel it used before anyone asked
	key     string           // equal for the same version with the same params
	leases  atomic.Int64
	// How often it had been asked at the last DropIdle; under the registry's mu.
	askedThen uint64
	drained   func(*running) // called once, without a lock, by who gives back the last lease
}

// newRunning has one lease, the caller's.
func newRunning(v *version, p answerer, params map[string]int64, drained func(*running)) *running {
	r := &running{version: v, plugin: p, params: params, key: runKey(v.digest, params), drained: drained}
	r.leases.Store(1)
	return r
}

func runKey(digest string, params map[string]int64) string {
	return digest + " " + paramText(params)
}

// paramText is the same for equal params: keys are in order.
func paramText(params map[string]int64) string {
	if len(params) == 0 {
		return "{}"
	}
	text, err := json.Marshal(params)
	if err != nil {
		return "{}" // integers by name: cannot fail
	}
	return string(text)
}

// acquire takes a lease; false once the last was given back.
func (r *running) acquire() bool {
	for {
		n := r.leases.Load()
		if n == 0 {
			return false
		}
		if r.leases.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (r *running) release() {
	switch n := r.leases.Add(-1); {
	case n == 0:
		r.drained(r)
	case n < 0:
		panic("registry: a lease was given back twice")
	}
}
