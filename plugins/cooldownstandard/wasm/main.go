// Command wasm is the guest build of cooldownstandard; see the package it serves.
package main

import (
	"github.com/napalmsky/napalmsky/plugins/cooldownstandard"
	"github.com/napalmsky/napalmsky/sdk/cooldown"
)

func init() { cooldown.Serve(cooldownstandard.Plugin) }

func main() {}
