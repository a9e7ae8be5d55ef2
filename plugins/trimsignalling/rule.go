// Package trimsignalling takes out of session descriptions and ICE candidates
// what another browser can do without: of 5.4 KB of offer about 1 KB is left,
// of a candidate half.
//
// Of an offer it leaves a fixed choice of codecs. The answer to it can hold no
// others, so that the same rule leaves the answer's codecs as they are.
package trimsignalling

import (
	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/signalling"
)

// Params are the knobs.
type Params struct {
	H264      uint8 `sky:"h264" default:"0" min:"0" max:"1" unit:"yes/no" help:"H.264 beside VP8, which every browser has"`
	Resend    uint8 `sky:"resend" default:"1" min:"0" max:"1" unit:"yes/no" help:"lost packets of video are sent again"`
	Rotate    uint8 `sky:"rotate" default:"0" min:"0" max:"1" unit:"yes/no" help:"a turned phone says so, instead of turning the picture itself"`
	Transport uint8 `sky:"transport_once" default:"1" min:"0" max:"1" unit:"yes/no" help:"bundled media name their common transport once"`
	Streams   uint8 `sky:"streams" default:"0" min:"0" max:"1" unit:"yes/no" help:"streams are named by number, for what tells them apart by nothing else"`
}

// Plugin is the rule, for the wasm build and for native use.
var Plugin = signalling.Define(abi.About{Name: "trim-signalling", Version: "1.0.0"}, Trim)

// Trim knows the kinds offer, answer and candidate. Whatever it cannot read it
// leaves as it is.
func Trim(p *Params, kind string, body []byte) []byte {
	switch kind {
	case signalling.Offer, signalling.Answer:
		return description(p, body)
	case signalling.Candidate:
		return candidate(body)
	}
	return body
}
