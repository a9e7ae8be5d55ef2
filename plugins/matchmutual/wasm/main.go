// Command wasm is the guest build of matchmutual; see the package it serves.
package main

import (
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/sdk/match"
)

func init() { match.Serve(matchmutual.Plugin) }

func main() {}
