package wasm_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// TestParams: typed values reach the guest's memory, and wrong ones are refused by name.
func TestParams(t *testing.T) {
	const at = 3072
	module := policytest.Introduced(strings.Replace(policytest.PlainManifest, `"someday"`, `"params":{"size":16,"fields":[
		{"name":"hours","offset":0,"type":"u8","default":9,"min":1,"max":99,"unit":"hours"},
		{"name":"base","offset":8,"type":"i64","default":7,"min":-1,"max":1000000000000}]},"someday"`, 1))
	module.Funcs = append(module.Funcs, &policytest.Func{Export: abi.SkyParams, Results: "i", Body: policytest.Const(at)})
	load64 := []byte{0x29, 3, 8} // the i64 at offset 8
	module.Body(abi.SkyCooldown, policytest.Const(at), load64)

	for want, params := range map[int64]map[string]int64{7: nil, 123_456: {"base": 123_456, "hours": 99}} {
		o := small()
		o.Params = params
		ask, _ := asker(t, load(t, module.Bytes(), o), abi.HookCooldown)
		if got, err := ask(context.Background()); got != want || err != nil {
			t.Errorf("%v: %v, %v", params, got, err)
		}
	}
	for why, params := range map[string]map[string]int64{
		`"minutes"`:          {"minutes": 1},
		`"hours" is 100`:     {"hours": 100},
		`from 1 to 99 hours`: {"hours": 0},
		`"base" is -2`:       {"base": -2},
	} {
		o := small()
		o.Params = params
		if _, err := wasm.Load(context.Background(), module.Bytes(), o); !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), why) {
			t.Errorf("%v: %v", params, err)
		}
	}
}

// TestAllHooks: one module serves three hooks, each with its own params.
func TestAllHooks(t *testing.T) {
	var log lines
	clock := time.Unix(1_790_000_000, 0)
	p := load(t, policytest.Build(t, "./testdata/guests/allhooks"), wasm.Options{
		Params:   map[string]int64{"per_cm": -3, "base": 100},
		Fuel:     wasm.Fuel{Trim: 1 << 30}, // it chatters, hoards and collects garbage
		CacheDir: policytest.CacheDir(t),
		Log:      slog.New(slog.NewTextHandler(&log, nil)),
		Now:      func() time.Time { return clock },
	})
	ctx := context.Background()

	m := openMatch(t, p)
	m.Set(0, &policy.Person{Attrs: map[string]int64{"height_cm": 180}})
	m.Set(1, &policy.Person{Attrs: map[string]int64{"height_cm": 1 << 40}}) // more than its int16
	out := make([]int32, 3)
	if err := m.Score(ctx, 0, 0, 0, out); err != nil || out[0] != policy.Ineligible || out[1] != -3*(180-32767) || out[2] != -3*180 {
		t.Fatal(out, err)
	}
	if err := m.ScoreFor(ctx, 0, 0, 2, out[:1]); err != nil || out[0] != 3*180 {
		t.Fatal(out, err)
	}

	c, err := p.Cooldown()
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c.Decide(ctx, lobby.Case{Met: 5}); s != 105 || err != nil {
		t.Fatal(s, err)
	}

	tr, err := p.Trim()
	if err != nil {
		t.Fatal(err)
	}
	plan := func(kind string) policy.Plan {
		t.Helper()
		got, err := tr.Plan(ctx, kind, "public")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := plan("sleep"); got.Round["slept_s"] != 3600 {
		t.Errorf("an hour's sleep took %v", got.Round)
	}
	if got := plan("files"); strings.Join(got.Drop, "|") != "true|0 0 0" {
		t.Errorf("it found %q", got.Drop)
	}
	for range 5_000 { // a quarter of a gigabyte of garbage passes through 32 MB
		plan("garbage")
	}
	for range 5 {
		if got := plan("hoard"); got.Drop[0] != "0" {
			t.Fatalf("the host wrote over %s of the plugin's own objects", got.Drop[0])
		}
	}
	plan("chat")
	if n := log.count("plugin says"); n != 32 {
		t.Errorf("%d of 1000 lines were logged", n)
	}
	clock = clock.Add(time.Second)
	if _, err := tr.Plan(ctx, "panic", "public"); !errors.Is(err, policy.ErrTrap) {
		t.Error(err)
	}
	if log.count("panic: as asked") != 1 || log.count("lines_dropped=968") != 1 {
		t.Errorf("the author cannot find out why: %q", log.all)
	}
	plan("card")
	if _, err := tr.Plan(ctx, strings.Repeat("x", abi.MaxQuestion), "public"); err == nil {
		t.Error("too long a question was asked")
	}
}

// TestGarbage: a rule that leaves garbage behind has it collected between
// questions: none of them runs out of fuel for it, and memory stays bounded.
func TestGarbage(t *testing.T) {
	p := load(t, policytest.Build(t, "./testdata/guests/allhooks"), wasm.Options{Instances: 1, CacheDir: policytest.CacheDir(t)})
	tr, err := p.Trim()
	if err != nil {
		t.Fatal(err)
	}
	most := uint64(0)
	for n := range 3_000 { // 150 MB of it
		if _, err := tr.Plan(context.Background(), "garbage", "public"); err != nil {
			t.Fatal(n, err)
		}
		most = max(most, p.Figures().MemBytes)
	}
	asked := p.Stats().Trim
	if per := asked.Fuel / asked.OK; per > 500_000 || most > 8<<20 {
		t.Errorf("%d units a question, %d bytes", per, most)
	}
	t.Logf("%d units a question, memory %.1f MB", asked.Fuel/asked.OK, float64(most)/(1<<20))
}

// lines is a log that counts.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(b))
	return len(b), nil
}

func (l *lines) count(what string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.all {
		n += strings.Count(s, what)
	}
	return n
}

func TestHooksNotServed(t *testing.T) {
	only := strings.Replace(policytest.PlainManifest, `"match","cooldown","trim"`, `"cooldown"`, 1)
	p := load(t, policytest.Introduced(only).Bytes(), small())
	if _, err := p.Match(context.Background()); err == nil {
		t.Error("match")
	}
	if _, err := p.Trim(); err == nil {
		t.Error("trim")
	}
	if _, err := p.Cooldown(); err != nil {
		t.Error(err)
	}
}

func TestMeter(t *testing.T) {
	refused := errors.New("its loops are endless")
	o := small()
	o.Meter = func([]byte) ([]byte, error) { return nil, refused }
	if _, err := wasm.Load(context.Background(), policytest.Plain().Bytes(), o); !errors.Is(err, policy.ErrRefused) || !errors.Is(err, refused) {
		t.Error(err)
	}
	o.Meter = func([]byte) ([]byte, error) {
		return policytest.Plain().Body(abi.SkyCooldown, policytest.Const64(5)).Bytes(), nil
	}
	ask, _ := asker(t, load(t, policytest.Plain().Bytes(), o), abi.HookCooldown)
	if got, err := ask(context.Background()); got != int64(5) || err != nil {
		t.Error("what was metered is not what runs:", got, err)
	}
}

func TestOwnRowAndLimits(t *testing.T) {
	m := openMatch(t, load(t, policytest.Plain().Bytes(), small()))
	for row := range 5 {
		m.Set(row, &policy.Person{Age: uint8(20 + row)})
	}
	out := make([]int32, 5)
	if err := m.Score(context.Background(), 0, 3, 0, out); err != nil || out[3] != policy.Ineligible || out[4] != 24 {
		t.Error(out, err)
	}
	for name, err := range map[string]error{
		"too many":  m.Score(context.Background(), 0, 0, 0, make([]int32, policy.MaxRowsPerCall+1)),
		"negative":  m.Score(context.Background(), 0, -1, 0, out),
		"far":       m.ScoreFor(context.Background(), 0, 0, 1<<20-4, out),
		"far alone": m.ScoreFor(context.Background(), 0, 1<<20, 0, out),
	} {
		if err == nil {
			t.Error(name)
		}
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := m.Score(gone, 0, 0, 0, out); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestMany: cooldown and trim are safe for concurrent use over few instances.
func TestMany(t *testing.T) {
	p := load(t, policytest.Plain().Bytes(), wasm.Options{MemoryPages: 64, Instances: 2})
	var wg sync.WaitGroup
	for _, hook := range []string{abi.HookCooldown, abi.HookTrim, abi.HookCooldown, abi.HookTrim} {
		ask, plain := asker(t, p, hook)
		wg.Go(func() {
			for range 500 {
				if got, err := ask(context.Background()); err != nil || got != plain {
					t.Error(hook, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if s := p.Stats(); s.Cooldown.OK != 1000 || s.Trim.OK != 1000 || s.Cooldown.Trapped+s.Trim.Invalid != 0 {
		t.Errorf("%+v", s)
	}
}

func TestClose(t *testing.T) {
	ctx := context.Background()
	p, err := wasm.Load(ctx, policytest.Plain().Bytes(), small())
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Match(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(ctx); err == nil {
		t.Fatal("closed under an open Match")
	}
	if err := m.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := m.Score(ctx, 0, 0, 0, make([]int32, 1)); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
	ask, _ := asker(t, p, abi.HookCooldown)
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(ctx); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
	if _, err := p.Match(ctx); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
}

func TestCompilationCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "compiled")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	o := small()
	o.CacheDir = dir
	for range 2 {
		ask, plain := asker(t, load(t, policytest.Plain().Bytes(), o), abi.HookCooldown)
		if got, err := ask(context.Background()); got != plain || err != nil {
			t.Fatal(got, err)
		}
	}
	if s, err := os.Stat(dir); err != nil || s.Mode().Perm() != 0o700 {
		t.Errorf("others can reach native code that will be run: %v %v", s.Mode(), err)
	}
	files := 0
	if err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	}); err != nil || files != 1 {
		t.Error(files, err)
	}
}
