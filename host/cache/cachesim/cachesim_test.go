package cachesim

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// best tries every choice: for traces short enough.
func best(keys []uint64, entries int, held []uint64) int {
	if len(keys) == 0 {
		return 0
	}
	k, rest := keys[0], keys[1:]
	if slices.Contains(held, k) {
		return 1 + best(rest, entries, held)
	}
	if len(held) < entries {
		return best(rest, entries, append(slices.Clone(held), k))
	}
	most := 0
	for i := range held {
		next := slices.Clone(held)
		next[i] = k
		most = max(most, best(rest, entries, next))
	}
	return most
}

func TestTheOptimumIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.Uint64Range(0, 4), 0, 10).Draw(t, "keys")
		entries := rapid.IntRange(1, 3).Draw(t, "entries")
		if got, want := Optimum(keys, entries).Hits, best(keys, entries, nil); got != want {
			t.Fatalf("%d hits, every choice tried gives %d", got, want)
		}
	})
}

func TestNobodyBeatsTheOptimum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.Uint64Range(0, 60), 1, 400).Draw(t, "keys")
		entries := rapid.IntRange(1, 40).Draw(t, "entries")
		most, lru := Optimum(keys, entries), LRU(keys, entries)
		if lru.Hits > most.Hits {
			t.Fatalf("LRU %d, optimum %d", lru.Hits, most.Hits)
		}
		distinct := len(slices.Compact(slices.Sorted(slices.Values(keys))))
		if entries >= distinct && (lru.Hits != len(keys)-distinct || most.Hits != lru.Hits) {
			t.Fatalf("all fit, yet %d and %d hits of %d", lru.Hits, most.Hits, len(keys)-distinct)
		}
	})
}

func TestRistrettoKeepsWhatFits(t *testing.T) {
	var keys []uint64
	for i := range uint64(20_000) {
		keys = append(keys, i*7919%150)
	}
	r, err := Ristretto(keys, 300)
	if err != nil || r.Rate() < 0.98 {
		t.Errorf("%.3f of the look-ups were hits, %v", r.Rate(), err)
	}
}

func TestTracesComeBackAsTheyWere(t *testing.T) {
	trace := []Lookup{{"users", 7}, {"sessions", 1<<64 - 1}, {"users", 0}}
	var b bytes.Buffer
	if err := WriteTrace(&b, trace); err != nil {
		t.Fatal(err)
	}
	got, err := ReadTrace(strings.NewReader("# of an evening\n\n" + b.String()))
	if err != nil || !slices.Equal(got, trace) {
		t.Errorf("%v, %v", got, err)
	}
	if k := Keys(got, "users"); !slices.Equal(k, []uint64{7, 0}) {
		t.Errorf("users: %v", k)
	}
	for _, bad := range []string{"users", "users x", " 7", "users 7 8", "users -1", strings.Repeat("k", 33) + " 1"} {
		if _, err := ReadTrace(strings.NewReader(bad)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReadTrace(f *testing.F) {
	f.Add([]byte("users 7\nsessions 8\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		trace, err := ReadTrace(bytes.NewReader(data))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteTrace(&b, trace); err != nil {
			t.Fatal(err)
		}
		again, err := ReadTrace(&b)
		if err != nil || !slices.Equal(again, trace) {
			t.Errorf("%v, %v", again, err)
		}
	})
}
