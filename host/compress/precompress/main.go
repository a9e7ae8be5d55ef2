// Command precompress makes the brotli and gzip variants of a build's static
// files, in the folders it is given.
package main

import (
	"fmt"
	"os"

	"github.com/napalmsky/napalmsky/host/compress"
)

func main() {
	for _, dir := range os.Args[1:] {
		if err := compress.Precompress(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
