package app

import (
	"strings"
	"testing"
)

const smaps = `00400000-00e73000 r-xp 00000000 fe:00 10702618                           /opt/sky server/napalmsky
Size:              10700 kB
Rss:                 100 kB
Pss:                 100 kB
00e73000-018ac000 r--p 00a73000 fe:00 10702618                           /opt/sky server/napalmsky
Rss:                  20 kB
19ce47400000-19ce4ac00000 rw-p 00000000 00:00 0
Rss:                3000 kB
VmFlags: rd wr mr mw me ac
7f54c6f05000-7f54c77ff000 r-xp 00000000 00:00 0
Rss:                 400 kB
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
Rss:                   5 kB
7ffc000f0000-7ffc000f2000 r-xp 00000000 00:00 0                          [vdso]
Rss:                   1 kB
`

func TestMappingsAreSorted(t *testing.T) {
	want := mappings{program: 120 << 10, code: 401 << 10, data: 3005 << 10}
	if got := sortMappings(smaps); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := sortMappings(strings.Repeat("nonsense - x\nRss: many kB\n", 3)); got != (mappings{}) {
		t.Errorf("%+v of nonsense", got)
	}
}

func TestASampleStandsForWhatItMayHaveMissed(t *testing.T) {
	const rate = 512 << 10
	if got := scaled(64, 1, rate); got < rate || got > rate+64 { // a small object is seen once in rate bytes
		t.Errorf("one small object stands for %d bytes", got)
	}
	if got := scaled(64<<20, 1, rate); got != 64<<20 {
		t.Errorf("one huge object stands for %d bytes", got)
	}
	if got := scaled(64, 1, 1); got != 64 {
		t.Errorf("with everything sampled: %d", got)
	}
}

func TestAnAllocationIsItsRooms(t *testing.T) {
	for function, room := range map[string]string{
		"github.com/napalmsky/napalmsky/host/policy/wasm.(*Plugin).open":     "plugins",
		"modernc.org/sqlite/lib.Xsqlite3_step":                               "store",
		"github.com/coder/websocket.getBufioReader":                          "sockets",
		"github.com/napalmsky/napalmsky/host/reel.(*board).show":             "reel",
		"github.com/napalmsky/napalmsky/host/engine.(*Engine).loop":          "lobby",
		"github.com/napalmsky/napalmsky/host/wire.AppendServer":              "",
		"bufio.NewReaderSize":                                                "",
		"net/http.(*conn).serve":                                             "http",
		"github.com/napalmsky/napalmsky/host/journal.(*Writer).run":          "journal",
		"github.com/napalmsky/napalmsky/host/store/postgres.(*Store).Person": "store",
	} {
		if got := roomIn(function); got != room {
			t.Errorf("%s is %q's, want %q", function, got, room)
		}
	}
	if got := roomOf(nil); got != "other" {
		t.Errorf("an allocation of unknown origin is %q's", got)
	}
}
