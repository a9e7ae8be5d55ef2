package config

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSizesAreReadWithTheirUnits(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "70000000": 70_000_000, "12B": 12, "400MiB": 400 << 20, "400 MiB": 400 << 20, "70MB": 70_000_000,
		"2GB": 2_000_000_000, "2GiB": 2 << 30, "64KiB": 64 << 10, "64kB": 64_000, "8388607TiB": 8388607 << 40,
	} {
		c, err := load("", map[string]string{"NAPALMSKY_MEMORY_LIMIT": text, "NAPALMSKY_JOURNAL_BYTES": "64MiB"})
		var size Size
		if direct := size.UnmarshalText([]byte(text)); direct != nil || size != want {
			t.Errorf("%q is %d, %v; want %d", text, size, direct, want)
		}
		if big := want >= 64<<20 && want <= 1<<50; (big || want == 0) && (err != nil || c.Memory.Limit != want) {
			t.Errorf("NAPALMSKY_MEMORY_LIMIT=%s: %d, %v", text, c.Memory.Limit, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5GB", "400M", "400m", "400mib", "400MiBB", "400iMB", "0x10", "9007199254740992TiB", "99999999999999999999", "4 0MiB", "1e3"} {
		var size Size
		if err := size.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d", text, size)
		}
	}
	if _, err := load("memory: {limit: 1 GiB}\njournal: {bytes: 32MiB}", nil); err != nil {
		t.Error(err)
	}
	if _, err := load("memory: {limit: 400M}", nil); err == nil || !strings.Contains(err.Error(), "400MiB") {
		t.Errorf("who writes 400M reads %v", err)
	}
	if _, err := load("memory: {limit: 1MiB}", nil); err == nil || !strings.Contains(err.Error(), "between 64MiB and 1024TiB, not 1MiB") {
		t.Errorf("a limit that is too small: %v", err)
	}
}

func TestSizesReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Size(rapid.Int64Range(0, 1<<20).Draw(t, "n")) << (10 * rapid.IntRange(0, 4).Draw(t, "power"))
		var got Size
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%d as %q: %d, %v", int64(want), want, got, err)
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, text := range []string{"400MiB", "70MB", "12", "1 TiB", "B", "KkB"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(s.String())); s < 0 || err != nil || again != s {
			t.Errorf("%q is %d, written %q, read %d, %v", text, int64(s), s, again, err)
		}
	})
}
