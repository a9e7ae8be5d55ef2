package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// said is what a command writes; seen is closed once it has written word.
type said struct {
	word string
	seen chan struct{}

	mu  sync.Mutex
	all bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := strings.Contains(s.all.String(), s.word)
	n, err := s.all.Write(p)
	if !before && strings.Contains(s.all.String(), s.word) {
		close(s.seen)
	}
	return n, err
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// TestAStopWhileItWaitsForItsDatabase is a stop like any other.
func TestAStopWhileItWaitsForItsDatabase(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log := &said{word: "waiting for the database", seen: make(chan struct{})}
	code := make(chan int, 1)
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
	var out bytes.Buffer
	go func() {
		code <- run(ctx, []string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, &out, log)
	}()
	select {
	case <-log.seen:
	case <-time.After(20 * time.Second):
		t.Fatalf("it does not wait: %s", log)
	}
	stop()
	if got := <-code; got != 0 || !strings.Contains(log.String(), "stopped before it served") || strings.Contains(log.String(), "napalmsky serve:") {
		t.Errorf("exit %d, said %s", got, log)
	}
}
