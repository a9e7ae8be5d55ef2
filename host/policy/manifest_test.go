package policy_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func manifest() abi.Manifest {
	return abi.Manifest{Name: "m", Version: "1", Hooks: []string{"match", "cooldown"},
		Rows:   &abi.Layout{Size: 24, Fields: []abi.Field{{Name: "tags", Offset: 0, Type: abi.U64}, {Name: "age", Offset: 8, Type: abi.I16}, {Name: "attr.x", Offset: 10, Type: abi.I8}, {Name: "since_ms", Offset: 16, Type: abi.I64}}},
		Case:   &abi.Layout{Size: 8, Fields: []abi.Field{{Name: "what", Offset: 0, Type: abi.U8}, {Name: "how", Offset: 1, Type: abi.U8}, {Name: "met", Offset: 4, Type: abi.U16}}},
		Params: &abi.ParamBlock{Size: 8, Fields: []abi.Param{{Name: "a", Offset: 0, Type: abi.I32, Default: 5, Min: 1, Max: 9, Unit: "points"}}}}
}

func TestCheckManifest(t *testing.T) {
	if err := policy.CheckManifest(manifest()); err != nil {
		t.Fatal(err)
	}
	for why, spoil := range map[string]func(*abi.Manifest){
		`name "M"`:                   func(m *abi.Manifest) { m.Name = "M" },
		`name ""`:                    func(m *abi.Manifest) { m.Name = "" },
		`version "1 0"`:              func(m *abi.Manifest) { m.Version = "1 0" },
		"serves no hook":             func(m *abi.Manifest) { m.Hooks = nil },
		`hook "x"`:                   func(m *abi.Manifest) { m.Hooks = []string{"x"} },
		"match twice":                func(m *abi.Manifest) { m.Hooks = []string{"match", "match"} },
		"no row fields":              func(m *abi.Manifest) { m.Rows = nil },
		"no case fields":             func(m *abi.Manifest) { m.Case.Fields = nil },
		"row has 0 bytes":            func(m *abi.Manifest) { m.Rows.Size = 0 },
		"row has 257":                func(m *abi.Manifest) { m.Rows.Size = 257 },
		`"since_ms" lies outside`:    func(m *abi.Manifest) { m.Rows.Size = 23 },
		`"attr.x" lies outside or`:   func(m *abi.Manifest) { m.Rows.Fields[2].Offset = 9 },
		`"age" is not aligned`:       func(m *abi.Manifest) { m.Rows.Fields[1].Offset = 13 },
		`"age" stands twice`:         func(m *abi.Manifest) { m.Rows.Fields[2].Name = "age"; m.Rows.Fields[2].Type = abi.U8 },
		`"name" is not one`:          func(m *abi.Manifest) { m.Rows.Fields[1].Name = "name" },
		`"attr.X" is not one`:        func(m *abi.Manifest) { m.Rows.Fields[2].Name = "attr.X" },
		`does not hold a u64`:        func(m *abi.Manifest) { m.Rows.Fields[0].Type = abi.I64 },
		`unknown type "f32"`:         func(m *abi.Manifest) { m.Rows.Fields[1].Type = "f32" },
		`"since_ms" lies`:            func(m *abi.Manifest) { m.Rows.Fields[3].Offset = math.MaxUint32 - 7 },
		"4096 bytes":                 func(m *abi.Manifest) { m.Params.Size = 4097 },
		`param "A"`:                  func(m *abi.Manifest) { m.Params.Fields[0].Name = "A" },
		`param "a" default`:          func(m *abi.Manifest) { m.Params.Fields[0].Default = 10 },
		`param "a" default, min`:     func(m *abi.Manifest) { m.Params.Fields[0].Max = 1 << 40 },
		`"a" lies outside`:           func(m *abi.Manifest) { m.Params.Fields[0].Offset = 8 },
		`do not fit each other or t`: func(m *abi.Manifest) { m.Params.Fields[0].Type = "x" },
	} {
		m := manifest()
		spoil(&m)
		if err := policy.CheckManifest(m); !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}

func TestPutRowSaturates(t *testing.T) {
	rows := policy.NewRows(manifest().Rows)
	row := make([]byte, rows.Size())
	rows.Put(row, &policy.Person{Tags: 1<<63 | 1, Age: 200, Since: -1, Attrs: map[string]int64{"x": -1000, "y": 5}})
	want := "\x01\x00\x00\x00\x00\x00\x00\x80\xc8\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
	if string(row) != want {
		t.Errorf("%x", row)
	}
}

func TestPutCase(t *testing.T) {
	l := manifest().Case
	block := make([]byte, l.Size)
	policy.PutCase(block, l, &lobby.Case{What: "rescinded", How: "blocked", Met: 1 << 20})
	if string(block) != "\x03\x05\x00\x00\xff\xff\x00\x00" {
		t.Errorf("%x", block)
	}
	policy.PutCase(block, l, &lobby.Case{What: "?", Met: -1})
	if string(block) != "\x00\x00\x00\x00\x00\x00\x00\x00" {
		t.Errorf("%x", block)
	}
}

func TestDecodePlan(t *testing.T) {
	if p, err := policy.DecodePlan([]byte(` {"drop":["a"],"text":{"b":1},"changed":true} `)); err != nil || !p.Changed || p.Text["b"] != 1 {
		t.Error(p, err)
	}
	for _, bad := range []string{``, `null x`, `[]`, `{"drop":"a"}`, `{"hide":["a"]}`, `{"text":{"a":-1}}`, `{"list":{"a":-1}}`, `{"round":{"a":0}}`, `{} {}`, `{"text":{"a":1.5}}`, `{"drop":["` + strings.Repeat("x", abi.MaxPlan) + `"]}`} {
		if _, err := policy.DecodePlan([]byte(bad)); !errors.Is(err, policy.ErrInvalid) {
			t.Errorf("%.40s: %v", bad, err)
		}
	}
}

// FuzzManifest: whatever a plugin says of itself, the host survives it, and
// what the host accepts it can also fill.
func FuzzManifest(f *testing.F) {
	m := manifest()
	f.Add(m.JSON())
	f.Add([]byte(`{"name":"x","version":"1","hooks":["trim"],"future":[1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := policy.ParseManifest(text)
		if err != nil {
			if !errors.Is(err, policy.ErrRefused) {
				t.Fatal(err)
			}
			return
		}
		for _, h := range m.Hooks {
			switch h {
			case abi.HookMatch:
				rows := policy.NewRows(m.Rows)
				rows.Put(make([]byte, rows.Size()), &policy.Person{Tags: 1})
			case abi.HookCooldown:
				policy.PutCase(make([]byte, m.Case.Size), m.Case, &lobby.Case{What: "call"})
			}
		}
		if _, err := policy.EncodeParams(m.Params, nil); err != nil {
			t.Fatal(err)
		}
	})
}
