package trim_test

import (
	"testing"

	"github.com/napalmsky/napalmsky/sdk/trim"
)

func TestPlanJSON(t *testing.T) {
	for want, plan := range map[string]trim.Plan{
		`{}`: {Text: map[string]int{}},
		`{"drop":["b","a\""],"text":{"x":1,"y":2},"round":{"n":-5},"list":{"l":0},"changed":true}`: {
			Drop: []string{"b", `a"`}, Text: map[string]int{"y": 2, "x": 1}, Round: map[string]int64{"n": -5}, List: map[string]int{"l": 0}, Changed: true},
		`{"changed":true}`: {Changed: true},
	} {
		if got := string(plan.JSON()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
