package wasm

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// What a plugin may write: a chatty or broken one must not fill a disk.
const (
	logLine  = 256 // bytes; longer lines are broken
	logLines = 32  // per second, of all instances together
)

// pluginLog passes on what instances write. Safe for concurrent use.
type pluginLog struct {
	to  *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	second  int64
	lines   int
	dropped int
}

func (l *pluginLog) write(line []byte) {
	l.mu.Lock()
	second := l.now().Unix()
	dropped := 0
	if second != l.second {
		dropped = l.dropped
		l.second, l.lines, l.dropped = second, 0, 0
	}
	l.lines++
	pass := l.lines <= logLines
	if !pass {
		l.dropped++
	}
	l.mu.Unlock()
	if dropped > 0 {
		l.to.Warn("plugin writes too much", "lines_dropped", dropped)
	}
	if pass {
		l.to.Info("plugin says", "line", strings.ToValidUTF8(string(line), "\uFFFD"))
	}
}
