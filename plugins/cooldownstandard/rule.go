// Package cooldownstandard keeps two people apart after they met, so that
// everyone meets someone new: a day after a call or a decline, an hour after an
// invite taken back, a long time after a report.
package cooldownstandard

import (
	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/cooldown"
)

// Case is what the rule needs to know of how a meeting ended.
type Case struct {
	Talked   int64 `sky:"talked"`
	What     uint8 `sky:"what"`
	How      uint8 `sky:"how"`
	Reported uint8 `sky:"reported"`
}

// Params are the knobs.
type Params struct {
	CallHours      int32 `sky:"call_hours" default:"24" min:"0" max:"8760" unit:"hours" help:"after a call"`
	DeclineHours   int32 `sky:"decline_hours" default:"24" min:"0" max:"8760" unit:"hours" help:"after an invite was declined"`
	RescindMinutes int32 `sky:"rescind_minutes" default:"60" min:"0" max:"10080" unit:"minutes" help:"after an invite was taken back"`
	LostSeconds    int32 `sky:"lost_seconds" default:"15" min:"0" max:"300" unit:"seconds" help:"a call that broke off sooner counts as not had"`
	LostMinutes    int32 `sky:"lost_minutes" default:"10" min:"0" max:"10080" unit:"minutes" help:"after such a call"`
	ReportDays     int32 `sky:"report_days" default:"365" min:"0" max:"366" unit:"days" help:"after one reported the other"`
}

// Plugin is the rule, for the wasm build and for native use.
var Plugin = cooldown.Define(abi.About{Name: "cooldown-standard", Version: "1.0.0"}, Decide)

// Decide answers seconds.
func Decide(p *Params, c *Case) int64 {
	const minute, hour, day = 60, 3_600, 86_400
	switch {
	case c.Reported != 0:
		return int64(p.ReportDays) * day
	case c.What == cooldown.Rescinded:
		return int64(p.RescindMinutes) * minute
	case c.What == cooldown.Declined:
		return int64(p.DeclineHours) * hour
	case c.How == cooldown.Lost && c.Talked < int64(p.LostSeconds):
		return int64(p.LostMinutes) * minute
	}
	return int64(p.CallHours) * hour
}
