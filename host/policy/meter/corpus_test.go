package meter_test

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/meter"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
)

// guests are real modules that serve one rule, by compiler.
func guests(t testing.TB) map[string][]byte {
	t.Helper()
	root, err := policytest.Root()
	if err != nil {
		t.Fatal(err)
	}
	read := func(path ...string) []byte {
		b, err := os.ReadFile(filepath.Join(append([]string{root, "testdata", "guests"}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return map[string][]byte{
		"C":              read("c", "match-mutual.wasm"),
		"AssemblyScript": read("assemblyscript", "match-mutual.wasm"),
		"Go":             policytest.Build(t, "./plugins/matchmutual/wasm"),
	}
}

const (
	people  = 1000
	rowSize = 32
	evening = 1_790_000_000_000
)

// ranker is a guest with a table of people.
type ranker struct {
	run
	out uint64
}

func newRanker(t testing.TB, r run) ranker {
	t.Helper()
	for _, name := range []string{meter.StartFunction, "_initialize"} {
		if r.m.ExportedFunction(name) != nil {
			r.must(name)
		}
	}
	params := uint32(r.must("sky_params"))
	for i, v := range []uint32{10, 15, 4, 10, 0, 6, 15} {
		r.m.Memory().WriteUint32Le(params+4*uint32(i), v)
	}
	rows := uint32(r.must("sky_rows", people))
	random := rand.New(rand.NewSource(1))
	for i := range uint32(people) {
		var row [rowSize]byte
		binary.LittleEndian.PutUint64(row[0:], random.Uint64()&random.Uint64())
		binary.LittleEndian.PutUint64(row[8:], random.Uint64()&random.Uint64()&random.Uint64())
		binary.LittleEndian.PutUint64(row[16:], uint64(evening-random.Int63n(1_000_000)))
		copy(row[24:], []byte{byte(random.Intn(2)), byte(1 + random.Intn(3)), byte(18 + random.Intn(30)), 18, byte(40 + random.Intn(30))})
		if !r.m.Memory().Write(rows+rowSize*i, row[:]) {
			t.Fatal("the rows are outside")
		}
	}
	return ranker{r, r.must("sky_alloc", 4*people)}
}

func (r ranker) scores(viewer uint64, direction string) (scores []byte, cost int64) {
	r.t.Helper()
	_, cost, err := r.call(plenty, direction, evening, viewer, 0, people, r.out)
	if err != nil {
		r.t.Fatal(err)
	}
	view, _ := r.m.Memory().Read(uint32(r.out), 4*people)
	return bytes.Clone(view), cost
}

// TestCorpus: metering changes no result, all compilers' guests agree, and the
// same work costs the same whenever it is done, and nearly so in each language.
func TestCorpus(t *testing.T) {
	rt := engine(t, policytest.CacheDir(t))
	perMicro := map[string]float64{}
	var first []byte
	for language, module := range guests(t) {
		plain, paid := newRanker(t, start(t, rt, module)), newRanker(t, start(t, rt, metered(t, module, meter.DefaultOptions())))
		for viewer := range uint64(20) {
			for _, direction := range []string{"sky_score", "sky_score_for"} {
				want, _ := plain.scores(viewer, direction)
				got, cost := paid.scores(viewer, direction)
				if !bytes.Equal(got, want) {
					t.Errorf("%s: %s of %d changed", language, direction, viewer)
				}
				if viewer == 0 && direction == "sky_score" {
					if first == nil {
						first = got
					}
					if !bytes.Equal(first, got) {
						t.Errorf("%s ranks otherwise", language)
					}
					if _, again := paid.scores(viewer, direction); language != "Go" && again != cost { // whose scheduler runs now and then
						t.Errorf("%s: %d and then %d units for the same", language, cost, again)
					}
				}
			}
		}
		best, cost := time.Hour, int64(0)
		for range 50 {
			began := time.Now()
			_, cost = paid.scores(0, "sky_score")
			best = min(best, time.Since(began))
		}
		perMicro[language] = float64(cost) / float64(best.Nanoseconds()) * 1000
	}
	t.Log("units a microsecond:", perMicro)
	for a, x := range perMicro {
		for b, y := range perMicro {
			if x > 4*y {
				t.Errorf("a microsecond of %s costs %.1f times one of %s", a, x/y, b)
			}
		}
	}
}

// TestReferencePlugins: the others of the house survive it, too.
func TestReferencePlugins(t *testing.T) {
	for _, name := range []string{"cooldownstandard", "trimessential"} {
		out, report, err := meter.Meter(policytest.Build(t, "./plugins/"+name+"/wasm"), meter.DefaultOptions())
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, engine(t, policytest.CacheDir(t)), out)
		_, cost, err := r.call(16_000_000, "_initialize")
		if err != nil || cost > 8_000_000 {
			t.Errorf("%s: starting took %d units: %v", name, cost, err)
		}
		packed := r.must("sky_manifest")
		text, _ := r.m.Memory().Read(uint32(packed>>32), uint32(packed))
		if !bytes.HasPrefix(text, []byte(`{"name":"`)) {
			t.Errorf("%s: its manifest became %q", name, text)
		}
		t.Logf("%s: %+v, starting takes %d", name, report, cost)
	}
}
