// Package allinone is the reference rules of match, cooldown and trim under one
// name, to be built into one module; see README.md.
package allinone

import (
	"github.com/napalmsky/napalmsky/plugins/cooldownstandard"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/plugins/trimessential"
	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/cooldown"
	"github.com/napalmsky/napalmsky/sdk/match"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

var about = abi.About{Name: "all-in-one", Version: "1.0.0"}

// One module serves all of them.
var (
	Match    = match.Define(about, matchmutual.Score)
	Cooldown = cooldown.Define(about, cooldownstandard.Decide)
	Trim     = trim.Define(about, trimessential.Plan)
)
