// Package cooldown is how a plugin decides how long two people are kept apart.
//
//	type Case struct {
//		What     uint8 `sky:"what"`
//		Reported uint8 `sky:"reported"`
//	}
//	type Params struct {
//		Hours int64 `sky:"hours" default:"24" min:"0" max:"720" unit:"h"`
//	}
//	func Decide(p *Params, c *Case) int64 { return p.Hours * 3600 }
//	var Plugin = cooldown.Define(abi.About{Name: "cooldown-plain", Version: "1.0.0"}, Decide)
package cooldown

import (
	"reflect"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Values of the field what.
const (
	Call      = abi.WhatCall
	Declined  = abi.WhatDeclined
	Rescinded = abi.WhatRescinded
)

// Values of the field how; 0 for anything but a call.
const (
	Hangup  = abi.HowHangup
	Clock   = abi.HowClock
	Lost    = abi.HowLost
	Left    = abi.HowLeft
	Blocked = abi.HowBlocked
)

// Plugin is a cooldown rule, ready to be served as wasm or used natively. It
// implements abi.CooldownRule.
type Plugin struct {
	manifest abi.Manifest
	decide   func(params, kase []byte) int64
}

// Define makes a plugin of a rule. decide answers seconds, from 0 (not kept
// apart at all) to ten years; the host throws away anything else. It must be
// pure and must not write through its pointers. P and C are structs as
// abi.ParamsOf and abi.LayoutOf describe them; Define panics if they are not.
func Define[P, C any](about abi.About, decide func(p *P, c *C) (seconds int64)) *Plugin {
	kase, err := abi.LayoutOf(reflect.TypeFor[C](), abi.CaseFields())
	if err != nil {
		panic("cooldown: " + err.Error())
	}
	params, err := abi.ParamsOf(reflect.TypeFor[P]())
	if err != nil {
		panic("cooldown: " + err.Error())
	}
	return &Plugin{
		manifest: abi.Manifest{Name: about.Name, Version: about.Version, Hooks: []string{abi.HookCooldown},
			Case: kase, Params: params, MemoryPages: about.MemoryPages},
		decide: func(params, kase []byte) int64 { return decide(abi.View[P](params), abi.View[C](kase)) },
	}
}

// Manifest describes the plugin. Read only.
func (p *Plugin) Manifest() abi.Manifest { return p.manifest }

// Decide answers how many seconds the pair of this case is kept apart.
func (p *Plugin) Decide(params, kase []byte) int64 { return p.decide(params, kase) }
