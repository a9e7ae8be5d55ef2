package bot

import (
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

// troubles counts kinds.
type troubles map[string]int

func (troubles) Said(*Person, time.Time, uint32, wire.Client) {}
func (troubles) Heard(*Person, *Event)                        {}
func (troubles) Dropped(*Person, time.Time)                   {}
func (c troubles) Trouble(_ *Person, kind string, _ error)    { c[kind]++ }

// hearing feeds frames to a person without a socket.
func hearing(t *testing.T, frames ...string) (*Person, troubles) {
	t.Helper()
	c := troubles{}
	p := &Person{ID: 7, client: &Client{Now: time.Now}, witness: c, wake: make(chan struct{}, 1)}
	l := &link{welcome: make(chan wire.ServerWelcome, 1)}
	for _, f := range frames {
		ev, err := (&link{}).decode(websocket.MessageText, []byte(f), time.Now())
		if err != nil {
			c.Trouble(p, "bad_frame", err)
		}
		if ev.Say != nil {
			p.hear(l, &ev, len(f))
		}
	}
	p.stopAck()
	return p, c
}

const (
	welcome = `{"t":"welcome","lobby":"main","epoch":"e","d":{"you":"7","stream":"9","resumed":false,"now":1,"activity":"outside"}}`
	full    = `{"t":"reel.full","lobby":"main","epoch":"e","d":{"at":5,"gen":"g","entries":[{"card":{"id":"1","v":1,"name":"A"},"score":3}]}}`
	done1   = `{"t":"done","lobby":"main","epoch":"e","seq":1,"d":{"ref":1}}`
	done2   = `{"t":"done","lobby":"main","epoch":"e","seq":2,"d":{"ref":2}}`
	done4   = `{"t":"done","lobby":"main","epoch":"e","seq":4,"d":{"ref":4}}`
)

func TestBrokenPromisesAreTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		frames []string
		kind   string
	}{
		"all is well":             {[]string{welcome, full, done1, done2}, ""},
		"a number is missing":     {[]string{welcome, done1, done4}, "seq_gap"},
		"the first is missing":    {[]string{welcome, done2}, "seq_gap"},
		"a number comes again":    {[]string{welcome, done1, done2, done1}, "seq_repeat"},
		"reliable, no number":     {[]string{welcome, `{"t":"done","lobby":"main","epoch":"e","d":{"ref":1}}`}, "bad_frame"},
		"the socket's own words":  {[]string{welcome, `{"t":"error","lobby":"","epoch":"","d":{"ref":1,"code":"rate_limited","retry_ms":9}}`}, ""},
		"the lobby's, no number":  {[]string{welcome, `{"t":"error","lobby":"main","epoch":"e","d":{"ref":1,"code":"other_busy"}}`}, "bad_frame"},
		"numbered for nothing":    {[]string{`{"t":"reel.full","lobby":"main","epoch":"e","seq":3,"d":{"at":5,"gen":"g","entries":[]}}`}, "bad_frame"},
		"not JSON":                {[]string{welcome, `{"t":`}, "bad_frame"},
		"an unknown event":        {[]string{welcome, `{"t":"dance","lobby":"main","epoch":"e","d":{}}`}, "bad_frame"},
		"welcomed as another":     {[]string{`{"t":"welcome","lobby":"main","epoch":"e","d":{"you":"8","stream":"9","resumed":false,"now":1,"activity":"free"}}`}, "wrong_person"},
		"resumed out of thin air": {[]string{`{"t":"welcome","lobby":"main","epoch":"e","d":{"you":"7","stream":"9","resumed":true,"now":1,"activity":"free"}}`}, "resume_mismatch"},
		"a delta before a reel":   {[]string{welcome, `{"t":"reel.delta","lobby":"main","epoch":"e","d":{"at":5}}`}, "reel_mismatch"},
		"a delta of a stranger":   {[]string{welcome, full, `{"t":"reel.delta","lobby":"main","epoch":"e","d":{"at":6,"busy":["2"]}}`}, "reel_mismatch"},
		"a stranger goes":         {[]string{welcome, full, `{"t":"reel.delta","lobby":"main","epoch":"e","d":{"at":6,"gone":["2"]}}`}, "reel_mismatch"},
		"a delta of the past":     {[]string{welcome, full, `{"t":"reel.delta","lobby":"main","epoch":"e","d":{"at":4}}`}, "reel_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := hearing(t, c.frames...)
			if c.kind == "" && len(got) > 0 || c.kind != "" && got[c.kind] != 1 {
				t.Errorf("trouble %v, want %q", got, c.kind)
			}
		})
	}
}

func TestARepeatedEventIsNotHeardTwice(t *testing.T) {
	p, _ := hearing(t, welcome, done1, done1)
	if n := len(p.drain()); n != 2 {
		t.Errorf("%d events, want welcome and done", n)
	}
}

func TestAStreamThatStartsAfreshMayGoOnCounting(t *testing.T) {
	p, got := hearing(t, welcome, full, done1, done2, welcome, done4)
	if len(got) > 0 {
		t.Errorf("trouble %v", got)
	}
	if len(p.Reel()) != 0 {
		t.Error("the old reel is still there")
	}
}

func TestAnInboxNobodyReadsStaysBounded(t *testing.T) {
	p, _ := hearing(t, welcome)
	for range 3 * inboxMax {
		p.push(Event{})
	}
	if n := len(p.drain()); n > inboxMax {
		t.Errorf("%d events kept", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{welcome, full, done1, `{"t":"bye","lobby":"","epoch":"","d":{"code":4000,"reason":"r","retry_ms":1}}`, `[]`, `{"t":"error","seq":1,"d":{"code":"x"}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		ev, err := (&link{}).decode(websocket.MessageText, frame, time.Time{})
		if err == nil && ev.Say == nil {
			t.Fatal("neither an event nor an error")
		}
		if ev.Say != nil {
			hearing(t, welcome, full, string(frame))
		}
	})
}
