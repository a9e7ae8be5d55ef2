package app

import (
	"strconv"
	"strings"

	"github.com/napalmsky/napalmsky/host/policy/wasm"
)

// mappings are a process's resident bytes by what is mapped there.
type mappings struct {
	program int64 // files: the executable and its libraries
	code    int64 // machine code of plugins
	data    int64 // all else
}

// sortMappings reads the text of /proc/PID/smaps: for each mapping a line
// "from-to rwxp offset device inode [path]", then lines of which "Rss: N kB"
// counts. Lines it does not know are passed over.
func sortMappings(smaps string) (m mappings) {
	into := &m.data
	for line := range strings.Lines(smaps) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 5 && len(f[1]) == 4 && strings.Contains(f[0], "-"):
			switch {
			case len(f) > 5 && wasm.IsCode(f[5]):
				into = &m.code
			case len(f) > 5 && strings.HasPrefix(f[5], "/"):
				into = &m.program
			case f[1][2] == 'x':
				into = &m.code
			default:
				into = &m.data
			}
		case len(f) == 3 && f[0] == "Rss:":
			if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				*into += kb << 10
			}
		}
	}
	return m
}
