package journal

import (
	"bytes"
	"compress/flate"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
)

// seedRecords is one of each kind.
func seedRecords(f *testing.F) []Record {
	records := []Record{
		Row{Person: 1_000_000_007, Numbers: Numbers{Gender: 1, Seeking: 3, Attrs: map[string]int64{"height_cm": 180}}},
		Taken{Name: "m@1", Digest: "abc", Params: 1},
		Shown{At: header().Started, Viewer: 7, Full: true, Put: []Place{{8, -3}}, Gone: []lobby.PersonID{9}},
		Gap{Shown: 2},
	}
	comers(header(), 2, func(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) {
		s, err := stepOf(at, ev, effects)
		if err != nil {
			f.Fatal(err)
		}
		records = append(records, s)
	})
	return append(records, End{At: header().Started})
}

// FuzzFile reads whatever bytes as a journal.
func FuzzFile(f *testing.F) {
	var b bytes.Buffer
	e, err := newEncoder(&b, 1<<20, header())
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range seedRecords(f) {
		if err := e.add(r); err != nil {
			f.Fatal(err)
		}
	}
	if err := e.flush(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(magic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) { try(t, file) })
}

// FuzzLines reads whatever lines in frames that are whole, after a good header:
// past the checksum, where only strictness protects.
func FuzzLines(f *testing.F) {
	var lines []byte
	for _, r := range seedRecords(f) {
		line, err := appendRecord(nil, r)
		if err != nil {
			f.Fatal(err)
		}
		lines = append(lines, line...)
		f.Add(line)
	}
	f.Add(lines)
	f.Add([]byte("s {\"at\":9223372036854775807,\"ev\":\"tick\",\"data\":{}}\n"))
	f.Add([]byte("v {\"v\":1,\"put\":[[1]]}\nh {}\n"))
	f.Fuzz(func(t *testing.T, lines []byte) { try(t, framed(t, header(), lines)) })
}

// framed puts lines behind a header, as an encoder would.
func framed(t testing.TB, h Header, lines []byte) []byte {
	head, err := appendRecord(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	var payload bytes.Buffer
	d, err := flate.NewWriter(&payload, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(append(head, lines...)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	return append(append([]byte(magic), headOf(payload.Bytes())...), payload.Bytes()...)
}

// try: a reader that accepts must have something consistent to say.
func try(t *testing.T, file []byte) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	r, err := Verify(ctx, bytes.NewReader(file))
	if err == nil {
		if r.Verified+r.Different+r.Unchecked != r.Steps {
			t.Fatalf("%+v", r)
		}
		if err := r.Write(io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	c, err := WhatIf(ctx, bytes.NewReader(file), reference, time.Minute)
	if err == nil {
		if err := c.Write(io.Discard); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsNoJournalIsRefused(t *testing.T) {
	spoil := func(change func(*Header)) []byte {
		h := header()
		change(&h)
		return framed(t, h, nil)
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":          {nil, "not a journal"},
		"something else":   {[]byte("SQLite format 3\x00 and so on and on"), "not a journal"},
		"only magic":       {[]byte(magic), "no header"},
		"another format":   {spoil(func(h *Header) { h.Format = 2 }), "format 2; this program reads 1"},
		"a ring of no ms":  {spoil(func(h *Header) { h.Rules.RingMS = 0 }), "RingMS is 0"},
		"a store at once":  {spoil(func(h *Header) { h.Rules.StoreWaitMS = -1 }), "StoreWaitMS"},
		"a list of many":   {spoil(func(h *Header) { h.Reel.K = 1 << 30 }), "reel: K"},
		"a refresh always": {spoil(func(h *Header) { h.Reel.Refresh = 1 }), "reel: Refresh"},
	} {
		_, err := Verify(t.Context(), bytes.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	for name, c := range map[string]struct{ line, says string }{
		"unknown kind":    {"z {}\n", "unknown kind"},
		"unknown field":   {"g {\"nam\":1}\n", "unknown field"},
		"two values":      {"! {} {}\n", "more than one value"},
		"no JSON":         {"s {\n", "damaged"},
		"unknown event":   {"s {\"at\":1,\"seed\":0,\"ev\":\"dance\",\"data\":{},\"sum\":0}\n", "unknown kind"},
		"time goes back":  {"s {\"at\":2,\"ev\":\"tick\",\"data\":{}}\ns {\"at\":1,\"ev\":\"tick\",\"data\":{}}\n", "backwards"},
		"half a line":     {"! {}", "half a line"},
		"header twice":    {"h {}\n", "second header"},
		"a crooked place": {"v {\"v\":1,\"put\":[[1,2,3]]}\n", "3 values"},
		"a line too long": {"! " + strings.Repeat(" ", maxLine+1) + "{}\n", "more than"},
	} {
		r, err := Verify(t.Context(), bytes.NewReader(framed(t, header(), []byte(c.line))))
		if err != nil || r.OK() || !strings.Contains(r.Damage, c.says) {
			t.Errorf("%s: %v, %q, want %q", name, err, r.Damage, c.says)
		}
	}
}

func TestRecordsReadBackAsWritten(t *testing.T) {
	u := Shown{At: 5, Viewer: 1 << 52, Gen: 2, Put: places([]reel.Entry{{Person: 3, Score: -1 << 31}}), Scores: []Place{{4, 1<<31 - 1}}}
	line, err := appendRecord(nil, u)
	if err != nil {
		t.Fatal(err)
	}
	if want := `v {"at":5,"v":4503599627370496,"gen":2,"put":[[3,-2147483648]],"scores":[[4,2147483647]]}` + "\n"; string(line) != want {
		t.Errorf("%s", line)
	}
	back, err := decodeRecord(line[:len(line)-1])
	if got, ok := back.(Shown); err != nil || !ok || got.Put[0] != u.Put[0] || got.Scores[0] != u.Scores[0] || got.Viewer != u.Viewer {
		t.Errorf("%+v, %v", back, err)
	}
}
