package abi_test

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// tables reads the Markdown tables of the document: one list of rows per table,
// each row its cells without backticks.
func tables(t *testing.T) [][][]string {
	t.Helper()
	text, err := os.ReadFile("../../schemas/plugin/v1/ABI.md")
	if err != nil {
		t.Fatal(err)
	}
	var all [][][]string
	inside := false
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		if !inside {
			all = append(all, nil)
			inside = true
			continue // its head
		}
		if strings.HasPrefix(line, "|-") {
			continue
		}
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.Trim(strings.TrimSpace(c), "`"))
		}
		all[len(all)-1] = append(all[len(all)-1], cells)
	}
	return all
}

// TestTheDocumentSaysTheSame: ABI.md is what people implement against in other
// languages, so it may not drift from what the host checks.
func TestTheDocumentSaysTheSame(t *testing.T) {
	got := tables(t)
	if len(got) != 4 {
		t.Fatalf("%d tables", len(got))
	}
	var exports [][]string
	for _, e := range abi.Exports() {
		exports = append(exports, []string{e.Name, e.Signature, e.Needed})
	}
	for i := range got[0] {
		got[0][i] = got[0][i][:3] // the rest is prose
	}
	equal(t, "exports", got[0], exports)
	equal(t, "row", got[1], fields(abi.RowFields()))
	equal(t, "case", got[2], fields(abi.CaseFields()))
	var limits [][]string
	for _, n := range []int{abi.MaxManifest, abi.MaxRowSize, abi.MaxParams, abi.MaxFields, abi.MaxRows, abi.MaxCapacity, abi.MaxPlan, abi.MaxQuestion, abi.MaxSignal, abi.MaxCooldown} {
		limits = append(limits, []string{strconv.Itoa(n)})
	}
	for i := range got[3] {
		got[3][i] = got[3][i][1:]
	}
	equal(t, "limits", got[3], limits)
}

func fields(defs []abi.FieldDef) (rows [][]string) {
	for _, d := range defs {
		typ := string(d.Type)
		if d.Saturates {
			typ = "any"
		}
		rows = append(rows, []string{d.Name, typ, d.Meaning})
	}
	return rows
}

func equal(t *testing.T, table string, document, code [][]string) {
	t.Helper()
	if len(document) != len(code) {
		t.Errorf("%s: the document has %d rows, the code %d", table, len(document), len(code))
	}
	for i := range min(len(document), len(code)) {
		if !reflect.DeepEqual(document[i], code[i]) {
			t.Errorf("%s: the document says %q, the code %q", table, document[i], code[i])
		}
	}
}

func TestTypes(t *testing.T) {
	all := []abi.Type{abi.U8, abi.I8, abi.U16, abi.I16, abi.U32, abi.I32, abi.U64, abi.I64}
	holds := map[abi.Type]string{ // whom each can hold
		abi.U8: "u8", abi.I8: "i8", abi.U16: "u8 u16", abi.I16: "u8 i8 i16", abi.U32: "u8 u16 u32", abi.I32: "u8 i8 u16 i16 i32",
		abi.U64: "u8 u16 u32 u64", abi.I64: "u8 i8 u16 i16 u32 i32 i64",
	}
	for _, wide := range all {
		var got []string
		for _, narrow := range all {
			if wide.Holds(narrow) {
				got = append(got, string(narrow))
			}
		}
		if strings.Join(got, " ") != holds[wide] {
			t.Errorf("%s holds %q", wide, got)
		}
	}
	for typ, want := range map[abi.Type][2]int64{abi.U8: {0, 255}, abi.I16: {-32768, 32767}, abi.U32: {0, math.MaxUint32},
		abi.I64: {math.MinInt64, math.MaxInt64}, abi.U64: {0, math.MaxInt64}, "f32": {}} {
		if least, greatest := typ.Range(); least != want[0] || greatest != want[1] {
			t.Errorf("%s goes from %d to %d", typ, least, greatest)
		}
	}
	if abi.Type("f32").Holds("f32") {
		t.Error("an unknown type holds something")
	}
}

func TestPack(t *testing.T) {
	if ptr, n := abi.Unpack(abi.Pack(0xfedc_ba98, 0xffff_fff0)); ptr != 0xfedc_ba98 || n != 0xffff_fff0 {
		t.Errorf("%x %x", ptr, n)
	}
}

func TestLayoutOf(t *testing.T) {
	type good struct {
		Age    uint16 `sky:"age"`
		_      uint32
		Tags   uint64 `sky:"tags"`
		Height int8   `sky:"attr.height_cm"`
	}
	l, err := abi.LayoutOf(reflect.TypeFor[good](), abi.RowFields())
	want := &abi.Layout{Size: 24, Fields: []abi.Field{{Name: "age", Offset: 0, Type: abi.U16}, {Name: "tags", Offset: 8, Type: abi.U64}, {Name: "attr.height_cm", Offset: 16, Type: abi.I8}}}
	if err != nil || !reflect.DeepEqual(l, want) {
		t.Errorf("%+v, %v", l, err)
	}
	type misspelt struct {
		Age uint8 `sky:"agee"`
	}
	type untagged struct{ Age uint8 }
	type narrow struct {
		Tags uint32 `sky:"tags"`
	}
	type floating struct {
		Age float64 `sky:"age"`
	}
	type machine struct {
		Age int `sky:"age"`
	}
	type twice struct {
		A uint8 `sky:"age"`
		B uint8 `sky:"age"`
	}
	type badAttr struct {
		A uint8 `sky:"attr.Height"`
	}
	type large struct {
		A uint8 `sky:"age"`
		_ [300]byte
	}
	for why, typ := range map[string]reflect.Type{
		`"agee" is not one`: reflect.TypeFor[misspelt](), "no tag": reflect.TypeFor[untagged](), "does not hold": reflect.TypeFor[narrow](),
		"is a float64": reflect.TypeFor[floating](), "is a int;": reflect.TypeFor[machine](), "twice": reflect.TypeFor[twice](),
		`"attr.Height"`: reflect.TypeFor[badAttr](), "larger than": reflect.TypeFor[large](), "no struct": reflect.TypeFor[int](), "no field": reflect.TypeFor[struct{}](),
	} {
		if _, err := abi.LayoutOf(typ, abi.RowFields()); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

func TestParamsOf(t *testing.T) {
	type good struct {
		A int32 `sky:"a" default:"-4" min:"-5" max:"100" unit:"points" help:"what \"a\" does"`
		B uint8 `sky:"b_2"`
	}
	b, err := abi.ParamsOf(reflect.TypeFor[good]())
	want := &abi.ParamBlock{Size: 8, Fields: []abi.Param{
		{Name: "a", Offset: 0, Type: abi.I32, Default: -4, Min: -5, Max: 100, Unit: "points", Help: `what "a" does`},
		{Name: "b_2", Offset: 4, Type: abi.U8, Max: 255}}}
	if err != nil || !reflect.DeepEqual(b, want) {
		t.Errorf("%+v, %v", b, err)
	}
	if none, err := abi.ParamsOf(reflect.TypeFor[struct{}]()); none != nil || err != nil {
		t.Error(none, err)
	}
	type below struct {
		A int32 `sky:"a" min:"1"`
	}
	type wide struct {
		A int8 `sky:"a" max:"128"`
	}
	type word struct {
		A int8 `sky:"a" default:"two"`
	}
	type name struct {
		A int8 `sky:"A"`
	}
	for why, typ := range map[string]reflect.Type{"do not fit": reflect.TypeFor[below](), "or i8": reflect.TypeFor[wide](), "no whole number": reflect.TypeFor[word](), "valid name": reflect.TypeFor[name]()} {
		if _, err := abi.ParamsOf(typ); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

// TestManifestJSON: the hand-written JSON is what encoding/json reads back.
func TestManifestJSON(t *testing.T) {
	m := abi.Manifest{Name: "a-b", Version: "1.0\"\\\n\x01é", Hooks: []string{"match", "trim"}, MemoryPages: 128,
		Rows:   &abi.Layout{Size: 16, Fields: []abi.Field{{Name: "age", Offset: 1, Type: abi.U8}, {Name: "tags", Offset: 8, Type: abi.U64}}},
		Case:   &abi.Layout{Size: 1, Fields: []abi.Field{{Name: "what", Type: abi.U8}}},
		Params: &abi.ParamBlock{Size: 8, Fields: []abi.Param{{Name: "x", Type: abi.I64, Default: -1, Min: math.MinInt64, Max: math.MaxInt64, Unit: "h", Help: "<&>"}}}}
	for _, want := range []abi.Manifest{m, {Name: "x", Version: "1", Hooks: []string{"trim"}}} {
		var got abi.Manifest
		if err := json.Unmarshal(want.JSON(), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n%+v, %v", want.JSON(), got, err)
		}
	}
}

func TestView(t *testing.T) {
	type params struct {
		A int64
		B uint8
	}
	block := abi.Block(16)
	block[8] = 7
	if abi.View[params](block).B != 7 || abi.View[struct{}](nil) == nil {
		t.Error("a view shows something else")
	}
	defer func() {
		if recover() == nil {
			t.Error("a view reaches beyond its block")
		}
	}()
	abi.View[params](abi.Block(8))
}
