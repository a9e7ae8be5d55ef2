// Command wasm is the guest build of trimessential; see the package it serves.
package main

import (
	"github.com/napalmsky/napalmsky/plugins/trimessential"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

func init() { trim.Serve(trimessential.Plugin) }

func main() {}
