package matchmutual

import (
	"testing"

	"github.com/napalmsky/napalmsky/sdk/plugintest"
)

var rule = plugintest.Match[Params, Profile]{Score: Score, Symmetric: true}

func TestHoldsForEveryone(t *testing.T) { rule.Check(t) }
func TestIsPure(t *testing.T)           { plugintest.Pure(t, ".") }

const now = 1_790_000_000_000

// ann seeks men from 25 to 35, bob seeks women of any age from 20; with
// nothing in common and no time waited they earn 8 years of closeness.
func couple(change func(ann, bob *Profile)) (Profile, Profile) {
	ann := Profile{Gender: 0, Seeking: 0b10, Age: 30, AgeMin: 25, AgeMax: 35, SinceMS: now}
	bob := Profile{Gender: 1, Seeking: 0b01, Age: 32, AgeMin: 20, SinceMS: now}
	change(&ann, &bob)
	return ann, bob
}

func TestExamples(t *testing.T) {
	example := func(name string, points int32, ok bool, change func(ann, bob *Profile)) plugintest.MatchCase[Profile] {
		ann, bob := couple(change)
		return plugintest.MatchCase[Profile]{Name: name, NowMS: now, Viewer: ann, Other: bob, Points: points, OK: ok}
	}
	rule.Cases(t, plugintest.Defaults[Params](),
		example("nothing in common", 8*4, true, func(ann, bob *Profile) {}),
		example("two tags", 8*4+2*10, true, func(ann, bob *Profile) { ann.Tags, bob.Tags = 0b1111, 1<<63|0b0110 }),
		example("one language", 8*4+15, true, func(ann, bob *Profile) { ann.Langs, bob.Langs = 0b01, 0b11 }),
		example("far apart in age", 0, true, func(ann, bob *Profile) { ann.AgeMax, bob.Age = 0, 45 }),
		example("ann waited 90 s", 8*4+9, true, func(ann, bob *Profile) { ann.SinceMS -= 90_000 }),
		example("both waited for hours", 8*4+2*15*6, true, func(ann, bob *Profile) { ann.SinceMS, bob.SinceMS = 0, -1<<63 }),
		example("came from the future", 8*4, true, func(ann, bob *Profile) { bob.SinceMS = 1<<63 - 1 }),
		example("bob seeks men", 0, false, func(ann, bob *Profile) { bob.Seeking = 0b10 }),
		example("ann seeks women", 0, false, func(ann, bob *Profile) { ann.Seeking = 0b01 }),
		example("a gender nobody can seek", 0, false, func(ann, bob *Profile) { bob.Gender, ann.Seeking = 8, 0xff }),
		example("bob is at the edge", 7*4, true, func(ann, bob *Profile) { ann.AgeMax = 33; bob.Age = 33 }),
		example("bob is too old", 0, false, func(ann, bob *Profile) { ann.AgeMax = 31 }),
		example("ann is too young", 0, false, func(ann, bob *Profile) { bob.AgeMin = 31 }),
	)
}

func TestAgeWindow(t *testing.T) {
	p := plugintest.Defaults[Params]()
	p.AgeWindow = 2
	ann, bob := couple(func(ann, bob *Profile) { ann.AgeMax = 30 }) // bob is 32
	rule.Cases(t, p,
		plugintest.MatchCase[Profile]{Name: "tolerated", NowMS: now, Viewer: ann, Other: bob, Points: 8 * 4, OK: true},
		plugintest.MatchCase[Profile]{Name: "from the other side", NowMS: now, Viewer: bob, Other: ann, Points: 8 * 4, OK: true})
	bob.Age++
	rule.Cases(t, p, plugintest.MatchCase[Profile]{Name: "a year too many", NowMS: now, Viewer: ann, Other: bob})
}
