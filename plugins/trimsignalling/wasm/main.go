// Command wasm is the guest build of trimsignalling; see the package it serves.
package main

import (
	"github.com/napalmsky/napalmsky/plugins/trimsignalling"
	"github.com/napalmsky/napalmsky/sdk/signalling"
)

func init() { signalling.Serve(trimsignalling.Plugin) }

func main() {}
