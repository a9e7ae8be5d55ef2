package guest

import (
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

func block(size uint32, names ...string) *abi.ParamBlock {
	b := &abi.ParamBlock{Size: size}
	for i, n := range names {
		b.Fields = append(b.Fields, abi.Param{Name: n, Offset: uint32(4 * i), Type: abi.I32})
	}
	return b
}

// TestJoin: the hooks of one module share its manifest and its block of params.
func TestJoin(t *testing.T) {
	one := Join(abi.Manifest{Name: "m", Version: "1", Hooks: []string{"match"}, Rows: &abi.Layout{Size: 8}, Params: block(12, "a", "b", "c"), MemoryPages: 5})
	two := Join(abi.Manifest{Name: "m", Version: "1", Hooks: []string{"trim"}, Params: block(4, "d"), MemoryPages: 3})
	if len(one) != 12 || len(two) != 4 {
		t.Fatal(len(one), len(two))
	}
	two[0] = 9
	got := module.manifest
	if got.Params.Size != 20 || got.Params.Fields[3].Offset != 16 || got.MemoryPages != 5 || strings.Join(got.Hooks, " ") != "match trim" || byte(module.params[2]) != 9 {
		t.Errorf("%+v", got)
	}
	for why, m := range map[string]abi.Manifest{
		"two names":    {Name: "n", Version: "1", Hooks: []string{"cooldown"}},
		"served twice": {Name: "m", Version: "1", Hooks: []string{"trim"}},
		"a param d":    {Name: "m", Version: "1", Hooks: []string{"cooldown"}, Params: block(4, "d")},
		"larger than":  {Name: "m", Version: "1", Hooks: []string{"other"}, Params: block(abi.MaxParams, "e")},
	} {
		func() {
			defer func() {
				if r, ok := recover().(string); !ok || !strings.Contains(r, why) {
					t.Errorf("%s: %q", why, r)
				}
			}()
			Join(m)
		}()
	}
}
