package cooldownstandard

import (
	"testing"

	"github.com/napalmsky/napalmsky/sdk/cooldown"
	"github.com/napalmsky/napalmsky/sdk/plugintest"
)

var rule = plugintest.Cooldown[Params, Case]{Decide: Decide}

func TestHoldsForEveryCase(t *testing.T) { rule.Check(t) }
func TestIsPure(t *testing.T)            { plugintest.Pure(t, ".") }

func example(name string, c Case, seconds int64) plugintest.CooldownCase[Case] {
	return plugintest.CooldownCase[Case]{Name: name, Case: c, Seconds: seconds}
}

func TestExamples(t *testing.T) {
	const hour = 3600
	rule.Cases(t, plugintest.Defaults[Params](),
		example("a call", Case{What: cooldown.Call, How: cooldown.Hangup, Talked: 200}, 24*hour),
		example("a call to its end", Case{What: cooldown.Call, How: cooldown.Clock, Talked: 300}, 24*hour),
		example("hung up at once", Case{What: cooldown.Call, How: cooldown.Hangup, Talked: 1}, 24*hour),
		example("broken off at once", Case{What: cooldown.Call, How: cooldown.Lost, Talked: 14}, 600),
		example("broken off later", Case{What: cooldown.Call, How: cooldown.Lost, Talked: 15}, 24*hour),
		example("declined", Case{What: cooldown.Declined}, 24*hour),
		example("taken back", Case{What: cooldown.Rescinded}, hour),
		example("reported", Case{What: cooldown.Call, How: cooldown.Lost, Talked: 1, Reported: 1}, 365*24*hour),
		example("something new", Case{What: 9}, 24*hour),
	)
}

func TestParamsAreUsed(t *testing.T) {
	p := Params{CallHours: 1, DeclineHours: 2, RescindMinutes: 3, LostSeconds: 4, LostMinutes: 5, ReportDays: 6}
	rule.Cases(t, p,
		example("a call", Case{What: cooldown.Call, How: cooldown.Lost, Talked: 4}, 3600),
		example("broken off", Case{What: cooldown.Call, How: cooldown.Lost, Talked: 3}, 300),
		example("declined", Case{What: cooldown.Declined}, 7200),
		example("taken back", Case{What: cooldown.Rescinded}, 180),
		example("reported", Case{What: cooldown.Declined, Reported: 1}, 6*86_400))
}
