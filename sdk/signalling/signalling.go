// Package signalling is how a plugin puts what two browsers tell each other on a
// diet: session descriptions and ICE candidates go in, and come out without what
// the other browser can do without.
//
//	func Trim(p *Params, kind string, body []byte) []byte {
//		if kind == signalling.Candidate {
//			return body
//		}
//		…
//	}
//	var Plugin = signalling.Define(abi.About{Name: "trim-sdp", Version: "1.0.0"}, Trim)
//
// A rule may leave lines out and nothing else; schemas/plugin/v1/ABI.md says what
// the host holds it to. Where it does not hold, the original is passed on.
package signalling

import (
	"reflect"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Kinds of what is signalled.
const (
	Offer     = "offer"     // SDP
	Answer    = "answer"    // SDP
	Candidate = "candidate" // an RTCIceCandidateInit as JSON
)

// Plugin is a signalling rule, ready to be served as wasm or used natively. It
// implements abi.SignallingRule.
type Plugin struct {
	manifest abi.Manifest
	trim     func(params []byte, kind string, body []byte) []byte
}

// Define makes a plugin of a rule, which must be pure and must not write to
// body; it may answer it. P is a struct as abi.ParamsOf describes it; Define
// panics if it is not.
func Define[P any](about abi.About, trim func(p *P, kind string, body []byte) []byte) *Plugin {
	params, err := abi.ParamsOf(reflect.TypeFor[P]())
	if err != nil {
		panic("signalling: " + err.Error())
	}
	return &Plugin{
		manifest: abi.Manifest{Name: about.Name, Version: about.Version, Hooks: []string{abi.HookSignalling},
			Params: params, MemoryPages: about.MemoryPages},
		trim: func(params []byte, kind string, body []byte) []byte { return trim(abi.View[P](params), kind, body) },
	}
}

// Manifest describes the plugin. Read only.
func (p *Plugin) Manifest() abi.Manifest { return p.manifest }

// Trim answers what of body is to be passed on.
func (p *Plugin) Trim(params []byte, kind string, body []byte) []byte {
	return p.trim(params, kind, body)
}
