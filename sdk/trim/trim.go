// Package trim is how a plugin decides what of a payload leaves the server. It
// answers a plan once per kind of payload and audience; the host carries it out.
//
//	type Params struct {
//		Bio uint32 `sky:"bio_runes" default:"140" min:"0" max:"500" unit:"runes"`
//	}
//	func Plan(p *Params, kind, audience string) trim.Plan {
//		return trim.Plan{Text: map[string]int{"bio": int(p.Bio)}}
//	}
//	var Plugin = trim.Define(abi.About{Name: "trim-bio", Version: "1.0.0"}, Plan)
package trim

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Plan drops or shortens top-level fields of a payload. The host honours it
// only for fields that the payload's schema calls optional.
type Plan struct {
	Drop    []string         // leave these out
	Text    map[string]int   // cap strings at so many runes, the ellipsis included
	Round   map[string]int64 // round whole numbers down to a multiple
	List    map[string]int   // cap arrays at so many items
	Changed bool             // send only fields that differ from the version before
}

// Plugin is a trimming rule, ready to be served as wasm or used natively. It
// implements abi.TrimRule.
type Plugin struct {
	manifest abi.Manifest
	plan     func(params []byte, kind, audience string) Plan
}

// Define makes a plugin of a rule. kind is the kind of payload (card,
// presence), audience who receives it (public). The rule must be pure. P is a
// struct as abi.ParamsOf describes it; Define panics if it is not.
func Define[P any](about abi.About, plan func(p *P, kind, audience string) Plan) *Plugin {
	params, err := abi.ParamsOf(reflect.TypeFor[P]())
	if err != nil {
		panic("trim: " + err.Error())
	}
	return &Plugin{
		manifest: abi.Manifest{Name: about.Name, Version: about.Version, Hooks: []string{abi.HookTrim},
			Params: params, MemoryPages: about.MemoryPages},
		plan: func(params []byte, kind, audience string) Plan {
			return plan(abi.View[P](params), kind, audience)
		},
	}
}

// Manifest describes the plugin. Read only.
func (p *Plugin) Manifest() abi.Manifest { return p.manifest }

// Plan answers the rule's plan as JSON, always spelt the same way.
func (p *Plugin) Plan(params []byte, kind, audience string) []byte {
	plan := p.plan(params, kind, audience)
	return plan.JSON()
}

// JSON spells the plan, names in order.
func (p *Plan) JSON() []byte {
	b := []byte{'{'}
	if len(p.Drop) > 0 {
		b = append(b, `"drop":[`...)
		for i, name := range p.Drop {
			if i > 0 {
				b = append(b, ',')
			}
			b = abi.AppendString(b, name)
		}
		b = append(b, ']')
	}
	b = appendMap(b, "text", p.Text)
	b = appendMap(b, "round", p.Round)
	b = appendMap(b, "list", p.List)
	if p.Changed {
		b = append(key(b, "changed"), "true"...)
	}
	return append(b, '}')
}

func appendMap[V int | int64](b []byte, name string, m map[string]V) []byte {
	if len(m) == 0 {
		return b
	}
	fields := make([]string, 0, len(m))
	for f := range m {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	b = append(key(b, name), '{')
	for _, f := range fields {
		b = strconv.AppendInt(key(b, f), int64(m[f]), 10)
	}
	return append(b, '}')
}

func key(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(abi.AppendString(b, name), ':')
}
