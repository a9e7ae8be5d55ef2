// Command wasm is the guest build of allinone; see the package it serves.
package main

import (
	"github.com/napalmsky/napalmsky/plugins/allinone"
	"github.com/napalmsky/napalmsky/sdk/cooldown"
	"github.com/napalmsky/napalmsky/sdk/match"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

func init() {
	match.Serve(allinone.Match)
	cooldown.Serve(allinone.Cooldown)
	trim.Serve(allinone.Trim)
}

func main() {}
