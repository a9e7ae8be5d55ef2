package policy

// Stats counts what a plugin was asked, by hook, since it was loaded.
type Stats struct{ Match, Cooldown, Trim, Signalling HookStats }

// HookStats counts the calls of one hook by outcome. What never reached the
// plugin because the asker's context was over is in none.
type HookStats struct {
	OK        uint64 // answered
	Trapped   uint64 // ErrTrap
	OutOfFuel uint64 // ErrFuel, which Trapped counts too
	Invalid   uint64 // ErrInvalid
	Nanos     uint64 // spent in all of them
	Fuel      uint64 // units used by all of them
}
