package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestProfilesAreWrittenBeforeTheServerStops: what runs until the returned
// context ends finds both files complete.
func TestProfilesAreWrittenBeforeTheServerStops(t *testing.T) {
	cpu, mem := filepath.Join(t.TempDir(), "cpu"), filepath.Join(t.TempDir(), "mem")
	p, err := startProfiles(cpu, mem)
	if err != nil {
		t.Fatal(err)
	}
	asked, ask := context.WithCancel(t.Context())
	serving, cancel := p.before(asked)
	defer cancel()
	if serving.Err() != nil {
		t.Fatal("it stops before it is asked to")
	}
	ask()
	<-serving.Done()
	for _, name := range []string{cpu, mem} {
		got, err := os.ReadFile(name)
		if err != nil || !bytes.HasPrefix(got, []byte{0x1f, 0x8b}) { // pprof's files are gzip
			t.Errorf("%s: %d bytes, %v", filepath.Base(name), len(got), err)
		}
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestAProfileThatCannotBeWrittenStopsTheServer(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "missing", "file")
	var stdout, stderr bytes.Buffer
	for _, flag := range []string{"--cpuprofile", "--memprofile"} {
		if code := serve(t.Context(), []string{flag, nowhere, "--data", t.TempDir()}, &stdout, &stderr); code != 1 || stdout.Len() > 0 {
			t.Errorf("%s: exit %d, said %q", flag, code, stdout.String())
		}
	}
}
