package bot_test

import (
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/wire"
)

// witness remembers what it saw.
type witness struct {
	mu      sync.Mutex
	said    []wire.Client
	at      []time.Time
	trouble []string
	errs    []error
}

func (w *witness) Said(_ *bot.Person, at time.Time, _ uint32, say wire.Client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said, w.at = append(w.said, say), append(w.at, at)
}

func (w *witness) Heard(*bot.Person, *bot.Event)  {}
func (w *witness) Dropped(*bot.Person, time.Time) {}
func (w *witness) Trouble(_ *bot.Person, kind string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trouble, w.errs = append(w.trouble, kind), append(w.errs, err)
}

func (w *witness) none(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.trouble) > 0 {
		t.Errorf("trouble: %v %v", w.trouble, w.errs)
	}
}

// acks are the numbers acknowledged, and when.
func (w *witness) acks() (seqs []int64, at []time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.said {
		if a, ok := s.(wire.ClientAck); ok {
			seqs, at = append(seqs, a.Seq), append(at, w.at[i])
		}
	}
	return seqs, at
}
