package match_test

import (
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/match"
)

type person struct {
	Age    uint8  `sky:"age"`
	Height uint16 `sky:"attr.height_cm"`
}

type params struct {
	Extra int32 `sky:"extra" default:"1"`
}

func score(c match.Context, p *params, viewer, other *person) (int32, bool) {
	return int32(viewer.Age)*1000 + int32(other.Age) + p.Extra + int32(c.NowMS), other.Height > 0
}

func TestTable(t *testing.T) {
	rule := match.Define(abi.About{Name: "m", Version: "1"}, score)
	block := abi.Block(rule.Manifest().Params.Size)
	block[0] = 100
	table := rule.Table(block)
	rows := table.Rows(8)
	if len(rows) != 8*4 {
		t.Fatalf("%d bytes", len(rows))
	}
	for i := range 8 {
		rows[i*4], rows[i*4+2] = byte(20+i), byte(i%4) // every fourth has no height
	}
	out := make([]int32, 3)
	table.Score(5, 1, 2, out)
	if want := [3]int32{21_127, 21_128, abi.Ineligible}; [3]int32(out) != want {
		t.Error(out)
	}
	table.ScoreFor(5, 1, 2, out)
	if want := [3]int32{22_126, 23_126, 24_126}; [3]int32(out) != want {
		t.Error(out)
	}
	if b := table.Rows(2); b[0] != 0 {
		t.Error("new room is not empty")
	}
}

// TestNeverIsKeptFree: the least number means never, whatever a rule computes.
func TestNeverIsKeptFree(t *testing.T) {
	rule := match.Define(abi.About{Name: "m", Version: "1"}, func(match.Context, *struct{}, *person, *person) (int32, bool) { return abi.Ineligible, true })
	table := rule.Table(nil)
	table.Rows(2)
	var out [1]int32
	if table.Score(0, 0, 1, out[:]); out[0] != abi.Ineligible+1 {
		t.Error(out)
	}
}

func TestDefineNamesTheMistake(t *testing.T) {
	type unknown struct {
		IQ uint8 `sky:"iq"`
	}
	defer func() {
		if r, ok := recover().(string); !ok || !strings.Contains(r, `unknown.IQ: field "iq"`) {
			t.Error(r)
		}
	}()
	match.Define(abi.About{}, func(match.Context, *struct{}, *unknown, *unknown) (int32, bool) { return 0, true })
}
