package main

import (
	"context"
	"os"
	"testing"
)

// TestMain lets the commands under test start this program as they would start
// their own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == compilePlugin {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}
