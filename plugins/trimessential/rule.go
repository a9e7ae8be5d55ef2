// Package trimessential lets out what a small card on a small screen shows, and
// of presence only what changed.
package trimessential

import (
	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

// Params are the knobs. A cap of 0 leaves the field out.
type Params struct {
	BioRunes uint16 `sky:"bio_runes" default:"140" min:"0" max:"1000" unit:"runes" help:"length of the text about oneself"`
	Tags     uint16 `sky:"tags_max" default:"6" min:"0" max:"16" unit:"tags" help:"how many tags a card shows"`
	Langs    uint16 `sky:"langs_max" default:"4" min:"0" max:"8" unit:"languages" help:"how many languages a card shows"`
}

// Plugin is the rule, for the wasm build and for native use.
var Plugin = trim.Define(abi.About{Name: "trim-essential", Version: "1.0.0"}, Plan)

// Plan knows the kinds card and presence and leaves every other as it is.
func Plan(p *Params, kind, audience string) trim.Plan {
	switch kind {
	case "card":
		return card(p)
	case "presence":
		return trim.Plan{Changed: true}
	}
	return trim.Plan{}
}

func card(p *Params) trim.Plan {
	plan := trim.Plan{Text: map[string]int{}, List: map[string]int{}}
	limit := func(to map[string]int, field string, n uint16) {
		if n == 0 {
			plan.Drop = append(plan.Drop, field)
			return
		}
		to[field] = int(n)
	}
	limit(plan.Text, "bio", p.BioRunes)
	limit(plan.List, "tags", p.Tags)
	limit(plan.List, "langs", p.Langs)
	return plan
}
