// Package abi is version 1 of the contract between Napalm Sky and a plugin:
// names and signatures of exports, the manifest, the fields a plugin can ask
// for, and the limits. schemas/plugin/v1/ABI.md says the same in prose, and a
// test keeps the two equal. Both sides import this package: the host to check,
// the Go SDK to comply.
package abi

import "math"

// Version is what sky_abi answers. A host refuses every other.
const Version = 1

// Names of hooks, as they stand in a manifest.
const (
	HookMatch    = "match"
	HookCooldown = "cooldown"
	HookTrim     = "trim"
	// HookSignalling shortens what two browsers tell each other to set up a call.
	HookSignalling = "signalling"
)

// Ineligible is the score of a pair that must not meet.
const Ineligible = math.MinInt32

// Limits of version 1. A plugin beyond one of the first group is refused when
// it is loaded; an answer beyond one of the second is thrown away.
const (
	MaxManifest = 64 << 10 // bytes of the manifest's JSON
	MaxRowSize  = 256      // bytes of one row, and of a case
	MaxParams   = 4096     // bytes of the params block
	MaxFields   = 64       // fields in a row, in a case, in the params

	MaxRows     = 1000                  // rows in one call of sky_score or sky_score_for
	MaxCapacity = 1 << 20               // rows in a table
	MaxPlan     = 16 << 10              // bytes of a plan's JSON
	MaxQuestion = 1 << 10               // bytes of sky_trim_plan's question
	MaxSignal   = 16 << 10              // bytes of a piece of signalling
	MaxCooldown = 10 * 365 * 24 * 3_600 // seconds
)

// Export is a function of a plugin that the host calls.
type Export struct {
	Name      string
	Signature string // "(i64 i32) i32"; "()" where nothing comes back
	Needed    string // always, params, a hook's name, or optional
}

// Names of exports. Memory is exported as "memory".
const (
	Memory      = "memory"
	Initialize  = "_initialize"
	SkyABI      = "sky_abi"
	SkyManifest = "sky_manifest"
	SkyAlloc    = "sky_alloc"
	SkyParams   = "sky_params"
	SkyRows     = "sky_rows"
	SkyScore    = "sky_score"
	SkyScoreFor = "sky_score_for"
	SkyCooldown = "sky_cooldown"
	SkyTrimPlan = "sky_trim_plan"
	SkyTrim     = "sky_trim"
	SkyRest     = "sky_rest"
)

// Exports lists every function of version 1, in the order a host calls them.
func Exports() []Export {
	return []Export{
		{Initialize, "()", "optional"},
		{SkyABI, "() i32", "always"},
		{SkyManifest, "() i64", "always"},
		{SkyAlloc, "(i32) i32", "always"},
		{SkyParams, "() i32", "params"},
		{SkyRows, "(i32) i32", HookMatch},
		{SkyScore, "(i64 i32 i32 i32 i32)", HookMatch},
		{SkyScoreFor, "(i64 i32 i32 i32 i32)", HookMatch},
		{SkyCooldown, "(i32) i64", HookCooldown},
		{SkyTrimPlan, "(i32 i32) i64", HookTrim},
		{SkyTrim, "(i32 i32) i64", HookSignalling},
		{SkyRest, "()", "optional"},
	}
}

// Pack makes the result of sky_manifest, sky_trim_plan and sky_trim: where the answer
// lies and how long it is. Zero is failure.
func Pack(ptr, length uint32) int64 { return int64(uint64(ptr)<<32 | uint64(length)) }

// Unpack is the reverse of Pack.
func Unpack(packed int64) (ptr, length uint32) {
	return uint32(uint64(packed) >> 32), uint32(uint64(packed))
}
