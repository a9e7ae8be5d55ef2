package app

import (
	"math"
	"runtime"
	"slices"
	"strings"
)

// heapByRoom is the live heap in bytes by room, as of the last collection, from
// the runtime's sampled profile: one allocation in about 512 KB is looked at, so
// a share of a few megabytes is rough. It takes some milliseconds.
func heapByRoom() map[string]int64 {
	byRoom := map[string]int64{}
	for _, r := range heapProfile() {
		if n := r.InUseObjects(); n > 0 {
			byRoom[roomOf(r.Stack())] += scaled(r.InUseBytes(), n, runtime.MemProfileRate)
		}
	}
	return byRoom
}

func heapProfile() []runtime.MemProfileRecord {
	n, _ := runtime.MemProfile(nil, false)
	for {
		records := make([]runtime.MemProfileRecord, n+50) // it may grow between the two calls
		have, ok := runtime.MemProfile(records, false)
		if ok {
			return records[:have]
		}
		n = have
	}
}

// scaled estimates what a sample stands for. An allocation of size bytes is
// sampled with probability 1-exp(-size/rate); see runtime/pprof.
func scaled(bytes, objects int64, rate int) int64 {
	if rate <= 1 {
		return bytes
	}
	size := float64(bytes) / float64(objects)
	return int64(float64(bytes) / (1 - math.Exp(-size/float64(rate))))
}

// roomOf names whose an allocation is by the innermost function on its stack
// that belongs to a room; "other" is nobody's.
func roomOf(stack []uintptr) string {
	if len(stack) == 0 {
		return "other"
	}
	for frames := runtime.CallersFrames(stack); ; {
		f, more := frames.Next()
		if room := roomIn(f.Function); room != "" {
			return room
		}
		if !more {
			return "other"
		}
	}
}

// roomIn is "" for a function that works for whoever calls it.
func roomIn(function string) string {
	in := func(packages ...string) bool {
		return slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(function, p) })
	}
	const host = "github.com/napalmsky/napalmsky/host/"
	switch {
	case in(host+"policy", "github.com/tetratelabs/wazero"):
		return "plugins"
	case in(host+"store", "modernc.org/", "github.com/jackc/"):
		return "store"
	case in(host+"cache", "github.com/dgraph-io/"):
		return "cache"
	case in(host+"conn", "github.com/coder/websocket"):
		return "sockets"
	case in(host+"lobby", host+"engine"):
		return "lobby"
	case in(host + "reel"):
		return "reel"
	case in(host + "journal"):
		return "journal"
	case in(host+"api", host+"web", host+"media", "net/http"):
		return "http"
	}
	return ""
}
