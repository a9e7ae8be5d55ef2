// Package matchmutual ranks people who wish to meet each other. Gender and age
// must fit both ways; then tags in common, shared languages, closeness of age
// and how long both have waited decide who comes first.
package matchmutual

import (
	"math/bits"

	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/match"
)

// Profile is what the rule needs of a person.
type Profile struct {
	Tags    uint64 `sky:"tags"`
	Langs   uint64 `sky:"langs"`
	SinceMS int64  `sky:"since_ms"`
	Gender  uint8  `sky:"gender"`
	Seeking uint8  `sky:"seeking"`
	Age     uint8  `sky:"age"`
	AgeMin  uint8  `sky:"age_min"`
	AgeMax  uint8  `sky:"age_max"` // 0: no upper bound
}

// Params are the knobs. Their limits keep every score far inside an int32: at
// most 64·1000 for tags, 64·1000 for languages, 50·1000 for age, and twice
// 240·1000 for waiting.
type Params struct {
	TagWeight  int32 `sky:"tag_weight" default:"10" min:"0" max:"1000" unit:"points" help:"for each tag in common"`
	LangWeight int32 `sky:"lang_weight" default:"15" min:"0" max:"1000" unit:"points" help:"for each language in common"`
	AgeWeight  int32 `sky:"age_weight" default:"4" min:"0" max:"1000" unit:"points" help:"for each year they are closer than age_span"`
	AgeSpan    int32 `sky:"age_span" default:"10" min:"0" max:"50" unit:"years" help:"beyond this difference age earns nothing"`
	AgeWindow  int32 `sky:"age_window" default:"0" min:"0" max:"20" unit:"years" help:"years tolerated outside the wished range, either side"`
	WaitWeight int32 `sky:"wait_weight" default:"6" min:"0" max:"1000" unit:"points" help:"for each minute either has waited"`
	WaitCap    int32 `sky:"wait_cap" default:"15" min:"0" max:"240" unit:"minutes" help:"waiting longer earns no more"`
}

// Plugin is the rule, for the wasm build and for native use.
var Plugin = match.Define(abi.About{Name: "match-mutual", Version: "1.0.0"}, Score)

// Score is symmetric: both see each other, and with the same points.
func Score(c match.Context, p *Params, viewer, other *Profile) (int32, bool) {
	if !wants(viewer, other) || !wants(other, viewer) || !inRange(p, viewer, other) || !inRange(p, other, viewer) {
		return 0, false
	}
	points := p.TagWeight * int32(bits.OnesCount64(viewer.Tags&other.Tags))
	points += p.LangWeight * int32(bits.OnesCount64(viewer.Langs&other.Langs))
	points += p.AgeWeight * max(0, p.AgeSpan-abs(int32(viewer.Age)-int32(other.Age)))
	points += waiting(c.NowMS, p, viewer) + waiting(c.NowMS, p, other)
	return points, true
}

// wants: a shift by 8 or more leaves no bit, so an unknown gender is nobody's wish.
func wants(a, b *Profile) bool { return a.Seeking&(1<<b.Gender) != 0 }

func inRange(p *Params, a, b *Profile) bool {
	age := int32(b.Age)
	return age >= int32(a.AgeMin)-p.AgeWindow && (a.AgeMax == 0 || age <= int32(a.AgeMax)+p.AgeWindow)
}

// waiting counts whole half minutes, so that a score stands still for a while
// and a reel does not move with every second.
func waiting(nowMS int64, p *Params, who *Profile) int32 {
	if who.SinceMS >= nowMS {
		return 0
	}
	const halfMinute = 30_000
	waited := uint64(nowMS) - uint64(who.SinceMS) // exact even where the signed difference overflows
	return int32(min(waited/halfMinute, uint64(2*p.WaitCap))) * p.WaitWeight / 2
}

func abs(x int32) int32 {
	if x < 0 {
		return -x
	}
	return x
}
