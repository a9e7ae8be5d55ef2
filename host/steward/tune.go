package steward

import (
	"log/slog"
	"math"
	"runtime/debug"
)

// The collector's settings: measured, half of Go's default growth costs little
// processor time here and saves a third of the heap; and near the limit it
// works harder rather than let the process be killed.
const (
	growth = 50  // GOGC
	share  = 0.8 // of the limit for Go; plugins' memories, machine code and the database's cache lie outside
)

// Tune sets GOGC and GOMEMLIMIT for a limit in bytes (0: none), except what the
// environment sets already. It is for the process's start.
func Tune(limit uint64, getenv func(string) string, log *slog.Logger) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
	soft := int64(math.MaxInt64)
	if limit > 0 {
		soft = int64(float64(limit) * share)
	}
	if getenv("GOMEMLIMIT") == "" && limit > 0 {
		debug.SetMemoryLimit(soft)
	}
	log.Info("memory", "limit_mib", limit>>20, "gomemlimit_mib", debug.SetMemoryLimit(-1)>>20)
}
