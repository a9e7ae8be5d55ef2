package golden

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/cooldown"
	"github.com/napalmsky/napalmsky/sdk/match"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

type person1 struct {
	SinceMS int64  `sky:"since_ms"`
	Height  int16  `sky:"attr.height_cm"`
	Tags    uint64 `sky:"tags"`
	Age     uint8  `sky:"age"`
}

type params1 struct {
	PerCM int32 `sky:"per_cm" default:"2" min:"-10" max:"10"`
}

var matching = match.Define(abi.About{Name: "tall", Version: "1"}, func(c match.Context, p *params1, viewer, other *person1) (int32, bool) {
	if other.Age == 99 {
		panic("too old")
	}
	return p.PerCM*int32(other.Height-viewer.Height) + int32(c.NowMS-other.SinceMS)/1000 + int32(other.Tags), viewer.Age >= 18
})

type case1 struct {
	Talked   int64 `sky:"talked"`
	What     uint8 `sky:"what"`
	Reported uint8 `sky:"reported"`
	EndedBy  uint8 `sky:"ended_by"`
}

var cooling = cooldown.Define(abi.About{Name: "cool", Version: "1"}, func(_ *struct{}, c *case1) int64 {
	if c.What == cooldown.Rescinded {
		return -1
	}
	return 3600*int64(c.What) + c.Talked + 60*int64(c.Reported) + int64(c.EndedBy)
})

var trimming = trim.Define(abi.About{Name: "trim", Version: "1"}, func(_ *struct{}, kind, audience string) trim.Plan {
	if kind != "card" {
		return trim.Plan{Changed: true}
	}
	return trim.Plan{Drop: []string{"photo", "name"}, Text: map[string]int{"bio": 4}}
})

// play answers each case's text, failures in brackets.
func play(t *testing.T, rule any, text string) []string {
	t.Helper()
	f, err := Parse("golden.txt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	answers, err := f.Play(context.Background(), Native(rule))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, a := range answers {
		text := a.Text
		if a.Err != "" {
			text = "[" + a.Err + "]"
		}
		all = append(all, text)
		if f.Cases[i].Want != "" && f.Cases[i].Want != text {
			t.Errorf("line %d: %s, want %s", f.Cases[i].Line, text, f.Cases[i].Want)
		}
	}
	return all
}

func TestMatchCases(t *testing.T) {
	got := play(t, matching, `
person ann age=30 attr.height_cm=172
person bob age=0x20 attr.height_cm=180 tags=0b11 waited=90s # a comment
ann sees bob => 109
bob sees ann => -16   # eight centimetres
person bob age=17
bob sees ann => never
params per_cm=-10
bob sees bob
  => never
ann sees bob => 1_720
params
ann sees ann => 0
now 2026-09-21T20:01:00Z
ann sees ann => 60
person old age=99
ann sees old =>
`)
	if last := got[len(got)-1]; !strings.Contains(last, "too old") {
		t.Error(last)
	}
}

func TestCooldownCases(t *testing.T) {
	got := play(t, cooling, `
after call hangup talked=5m => 1h5m
after call => 3600
after declined reported => 2h1m
after call lost talked=61 ended_by=callee reported=0 => 1h1m3s
after rescinded =>
`)
	if last := got[len(got)-1]; !strings.Contains(last, "out of contract") {
		t.Error(last)
	}
}

func TestTrimCases(t *testing.T) {
	play(t, trimming, `
plan presence to public => {"changed": true}
plan card to public     => {"drop":["photo","name"],"text":{"bio":4}}
publish card to public { "id" : 7, "name": "Ann => # \" me", "photo": "x", "bio": "abcdef" } => {"id":7,"name":"Ann => # \" me","bio":"abc…"}
publish card to public {"bio":"a=>b"}
   => {"bio":"a=>b"}
`)
}

func TestFilesThatAreRefused(t *testing.T) {
	const ann = "person ann age=30\n"
	for text, want := range map[string]string{
		"ann meets bob => 1":                    `golden.txt:1: "ann meets bob" is no statement`,
		ann + "ann sees bob => 1":               "golden.txt:2: there is no person bob before this line",
		ann + "\nann sees ann => some":          `golden.txt:3: "some" is no score`,
		ann + "ann sees ann => -2147483648":     "is no score",
		ann + "ann sees ann\nann sees ann => 1": "golden.txt:3: the question before has no answer",
		ann + "ann sees ann":                    `golden.txt:2: "ann sees ann" has no answer`,
		"=> 1":                                  "an answer without a question",
		"person ann age=300":                    `person ann: age cannot be "300"`,
		"person ann hight=3":                    `there is no field "hight"; a product's own begins with attr.`,
		"person ann attr.Height=3":              `there is no field "attr.Height"`,
		"person ann age=3 age=4":                "age stands twice",
		"person ann waited=x":                   `waited cannot be "x"`,
		"person age=3":                          "a person needs a name",
		"now tomorrow":                          `"tomorrow" is no time such as 2026-09-21T20:00:00Z`,
		"params a":                              `"a" is not name=value`,
		"params a=1.5":                          `param a: "1.5" is no whole number`,
		"after lunch => 1h":                     "after what? One of call, declined, rescinded",
		"after call ended_by=me => 1h":          `ended_by cannot be "me"`,
		"after call => soon":                    `"soon" is no time such as 90s`,
		"after call => 1500ms":                  `is no time such as`,
		"plan card public => {}":                `write "plan KIND to AUDIENCE"`,
		"publish card to public [] => {}":       `"[]" is no JSON object`,
		"publish card to public {} => {":        `"{" is no JSON`,
	} {
		_, err := Parse("golden.txt", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "golden.txt:") {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

// TestFilesThatDoNotFit: a misspelt name would otherwise count as 0, silently.
func TestFilesThatDoNotFit(t *testing.T) {
	for text, want := range map[string]string{
		"person a attr.heigth_cm=3\na sees a => 1": "golden.txt:1: person a has attr.heigth_cm, which the plugin's row does not declare",
		"params per_km=3\nperson a\na sees a => 1": `it has no param "per_km"`,
		"params per_cm=30\nperson a\na sees a =>":  `param "per_cm" is 30; it must be from -10 to 10`,
		"after call => 1h":                         "golden.txt:1: tall does not serve the hook cooldown",
	} {
		f, err := Parse("golden.txt", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Play(context.Background(), Native(matching)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
	f, err := Parse("golden.txt", []byte("after call met=3 => 1h"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Play(context.Background(), Native(cooling)); err == nil || !strings.Contains(err.Error(), "met is told, but the plugin's case does not declare it") {
		t.Error(err)
	}
}

const compared = `# first
person ann age=30 attr.height_cm=172
person bob age=30 attr.height_cm=180
ann sees bob => 16  # fine
ann sees bob => 17  # the older rule
bob sees ann
    =>

person kid age=3
kid sees ann => 5
ann sees kid => -344`

func TestCompareAndUpdate(t *testing.T) {
	f, err := Parse("golden.txt", []byte(compared))
	if err != nil {
		t.Fatal(err)
	}
	answers, err := f.Play(context.Background(), Native(matching))
	if err != nil {
		t.Fatal(err)
	}
	other := slices.Clone(answers)
	other[3], other[4] = Answer{Text: "7"}, Answer{Err: "plugin trapped: unreachable"}
	var report strings.Builder
	r := f.Compare(&report, Run{"native", answers}, Run{"wasm", other})
	if r != (Result{Cases: 5, Differ: 4, Unlike: 1, Failed: 1}) {
		t.Errorf("%+v", r)
	}
	const want = `golden.txt:5: ann sees bob
    written => 17
    native  => 16
    wasm    => 16

golden.txt:6: bob sees ann
    written => (nothing yet)
    native  => -16
    wasm    => -16

golden.txt:10: kid sees ann
    written => 5
    native  => never
    wasm    => 7

golden.txt:11: ann sees kid
    written => -344
    native  => -344
    wasm    no answer: plugin trapped: unreachable

`
	if report.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &report, want)
	}
	if r := f.Compare(&strings.Builder{}, Run{"native", answers}, Run{"wasm", answers}); !r.Accepted {
		t.Errorf("%+v", r)
	}
	updated := strings.NewReplacer("=> 17  # the", "=> 16  # the", "    =>\n", "    => -16\n", "=> 5", "=> never").Replace(compared)
	if got := string(f.Update(answers)); got != updated {
		t.Errorf("got\n%s\nwant\n%s", got, updated)
	}
}

// TestReport: the native run says the same over its pipe.
func TestReport(t *testing.T) {
	name := filepath.Join(t.TempDir(), "golden.txt")
	if err := os.WriteFile(name, []byte("person a age=20\na sees a => 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, rule := range map[string]any{`{"Answers":[{"Text":"0","Err":""}],"Err":""}`: matching, "a int is no plugin": 7, "cool does not serve": cooling} {
		var b bytes.Buffer
		writeReport(&b, name, rule, time.Minute)
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s\nwant %s", &b, want)
		}
	}
}

// TestOptionalIsTheSchemas: a golden payload is trimmed as the server would.
// TestARuleWithoutEnd: the case is named that it does not come back from, those
// before it notwithstanding, and a slow one is waited for.
func TestARuleWithoutEnd(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cases.txt")
	const cases = "after call talked=1 => 1s\n\nafter call talked=2 => 1s\nafter call talked=3 => 1s\n"
	if err := os.WriteFile(name, []byte(cases), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan bool)
		rule := cooldown.Define(abi.About{Name: "loop", Version: "1"}, func(_ *struct{}, c *case1) int64 {
			if time.Sleep(CaseLimit - 1); c.Talked == 2 {
				<-stuck
			}
			return 1
		})
		var b bytes.Buffer
		writeReport(&b, name, rule, CaseLimit)
		close(stuck)
		var r Report
		want := name + ":3: the rule came to no end within 3s; is there a loop without one?"
		if err := json.Unmarshal(b.Bytes(), &r); err != nil || r.Err != want || r.Answers != nil {
			t.Errorf("%v: %+v", err, r)
		}
		b.Reset()
		writeReport(&b, name, rule, CaseLimit)
		if err := json.Unmarshal(b.Bytes(), &r); err != nil || len(r.Answers) != 3 {
			t.Errorf("%v: %s", err, &b)
		}
	})
}

func TestOptionalIsTheSchemas(t *testing.T) {
	text, err := os.ReadFile("../../../schemas/wire/v1/wire.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			Required   []string
			Properties map[string]json.RawMessage
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	card := schema.Defs["card"]
	if len(card.Properties) == 0 {
		t.Fatal("the schema has no card")
	}
	for field := range card.Properties {
		if got, want := policy.Optional("card")(field), !slices.Contains(card.Required, field); got != want {
			t.Errorf("%s: %v", field, got)
		}
	}
}

func TestSecondsAreReadBack(t *testing.T) {
	for want, n := range map[string]int64{"0s": 0, "1m": 60, "24h": 86400, "1h1s": 3601, "87600h": abi.MaxCooldown, "-5": -5} {
		if got := spellSeconds(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
		if back, err := parseSeconds(want); err != nil || back != n {
			t.Errorf("%s: %d, %v", want, back, err)
		}
	}
}

// FuzzParse: no file panics, and whatever answers are written into one can be
// read out of it again.
func FuzzParse(f *testing.F) {
	f.Add(compared)
	f.Add("after call lost talked=5m => 1h # x\nplan card to public => {}\npublish card to all {\"a\":\"=>\"}\n\t=> {}\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("f", []byte(text))
		if err != nil {
			return
		}
		same := make([]Answer, len(file.Cases))
		other := make([]Answer, len(file.Cases))
		for i, c := range file.Cases {
			same[i].Text = c.Want
			other[i].Text = map[string]string{abi.HookMatch: "-7", abi.HookCooldown: "1h", abi.HookTrim: `{"b":"=> #"}`}[c.Hook]
		}
		if got := string(file.Update(same)); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		again, err := Parse("f", file.Update(other))
		if err != nil || len(again.Cases) != len(other) {
			t.Fatalf("%q: %v", file.Update(other), err)
		}
		for i, c := range again.Cases {
			if c.Want != other[i].Text {
				t.Fatalf("case %d: %q", i, c.Want)
			}
		}
	})
}
