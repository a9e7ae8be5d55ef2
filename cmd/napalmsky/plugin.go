package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/napalmsky/napalmsky/host/admin/cli"
)

// plugin is the operators' hands on the plugins of a running server.
func plugin(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		if code, handled := authorCommand(ctx, args[0], args[1:], stdout, stderr); handled {
			return code
		}
		if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
			defer fmt.Fprint(stdout, "\n", authorUsage)
		}
	}
	return cli.Main(ctx, args, cli.Env{Get: os.Getenv, Stdout: stdout, Stderr: stderr})
}
