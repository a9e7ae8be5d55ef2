package api

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/config"
)

// checkText answers whether a sign-up with this name, or this bio, is taken.
func checkText(t interface{ Helper() }, name, bio string) *fault {
	t.Helper()
	in := profile{Name: name, Seeking: []int{0}, Age: 30, Bio: bio}
	_, err := newRules(config.Default().Product).check(in, "")
	if err == nil {
		return nil
	}
	return err.(*fault)
}

func TestNamesThatAreNotWhatTheyLook(t *testing.T) {
	for _, name := range []string{
		"\u3164", "\u115f", "\u1160", "\uffa0", "\u2800", "\U0001d159", "Ada\u3164", "\u034f", "\u17b4", // blanks that count as letters
		"\u200b", "Ada\u200b", "\ufeffAda", "\u2060Ada", "A\u00adda", "\u180e", "\U000e0041", "Ada\U000e0001", "\u180bAda", "Ada\ufe0f", "Ada\U000e0100", "❤\ufe0f\ufe0f", // nothing at all
		"\u061cAda", "a\u200eb", "a\u200fb", "a\u202eb", "a\u2066b", "a\u2028b", "\U0001d173a", // turns, lines and beams
		"\u200d", "\u200c", "Ada\u200d", "\u200dAda", "A\u200d\u200dda", "A\u200c.", "1\u200d2", "A \u200dda", "A\u200d\u3164", // joins nothing
		"A" + strings.Repeat("\u0301", 5), "A" + strings.Repeat("\u0301", 39), "A\u0301\u0301\u200d\u0301\u0301\u0301", "A\u0301\u0301\u093e\u0301\u0301\u0301", "A\u20dd\u20dd\u20dd\u20dd\u20dd", // piles
		"\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0061\U000e0064\U000e0061\U000e007f", // no flag
	} {
		if f := checkText(t, name, ""); f == nil || f.Code != "bad_value" || f.Field != "name" {
			t.Errorf("name %+q: %v", name, f)
		}
		bio := "Hello, " + name + " and more"
		if f := checkText(t, "Ada", bio); (f == nil || f.Field != "bio") && !strings.ContainsAny(name, "\u200c\u200d\u200e\u200f") {
			t.Errorf("bio %+q: %v", bio, f)
		}
	}
}

func TestNamesOfTheWorld(t *testing.T) {
	for _, name := range []string{
		"Ada", "Zoë", "Zoe\u0308", "Nguyễn Thị Ánh", "Ngu\u0079e\u0302\u0303n", "O'Brien-Smith", "李小龍", "葛\U000e0100城", "김철수", "さくら", "สุนีย์", "မျှော်", "ཧཱུྃ", "שָׁלוֹם", "محمّد",
		"می\u200cخواهم", "क्\u200dषमा", "র\u200d্যাম", "ශ්\u200dරී", // Persian, Hindi, Bengali and Sinhala need the joiners
		"Ada ❤️", "👩\u200d👩\u200d👧", "🏳️\u200d🌈", "👨🏽\u200d💻", "❤️\u200d🔥", "🙂\u200d↔️", "1️⃣", "‼️", "ℹ️", "ᠨᠠ\u180bᠮ", "🇳🇴",
		"\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f Ada", // Scotland
	} {
		if f := checkText(t, name, name); f != nil {
			t.Errorf("%s (%+q): %v", name, name, f)
		}
	}
	if f := checkText(t, "Ada", "\u200fעברית\u200e\n\tEnglish"); f != nil {
		t.Errorf("a bio of two directions: %v", f)
	}
}

// Whatever a name is made of, if it is taken it is seen, and stays on its line.
func TestATakenNameIsSeen(t *testing.T) {
	odd := rapid.SampledFrom([]rune("a\u00e9é\u0301\u0489\u093e\u200b\u200c\u200d\u200e\u2800\u3164\ufeff\ufe0f❤👩 1"))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.OneOf(odd, odd, rapid.Rune())).Draw(t, "name")
		if checkText(t, name, "") != nil {
			return
		}
		seen, marks, runes := false, 0, []rune(strings.TrimSpace(name))
		for i, c := range runes {
			seen = seen || unicode.IsGraphic(c) && !unicode.In(c, unicode.M, unicode.Z)
			if marks++; !unicode.In(c, unicode.M, unicode.Cf) {
				marks = 0
			}
			if unicode.In(c, unicode.Mc, unicode.Cf) && marks > 0 {
				marks--
			}
			joiner := (c == 0x200c || c == 0x200d) && i > 0 && i < len(runes)-1
			if strings.ContainsRune("\u3164\u115f\u1160\uffa0\u2800", c) || unicode.In(c, unicode.Cf) && !joiner && !unicode.Is(unicode.Prepended_Concatenation_Mark, c) || marks > 4 {
				t.Fatalf("%+q was taken", name)
			}
		}
		if !seen {
			t.Fatalf("%+q was taken", name)
		}
	})
}

// Over HTTP, half a character is refused by its field wherever it stands.
func TestHalfACharacterIsRefusedByField(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ body, field string }{
		{`"name":"\ud800"`, "name"},
		{`"name":"Ada\udc00"`, "name"},
		{`"name":"Ada","bio":"\ud83d x"`, "bio"},
		{`"name":"Ada","socials":[{"kind":"web","handle":"\uD83Dx"}]`, "socials[0].handle"},
		{`"name":"Ada","tags":["\ud800"]`, "tags[0]"},
		{`"name":"Ada","attrs":{"\ud800":1}`, "attrs.\ufffd"},
	} {
		w.refused(w.send("POST", "/v1/guests", fmt.Sprintf(`{"gender":0,"seeking":[1],"age":30,%s}`, c.body)), 400, "bad_value", c.field)
		w.now = w.now.Add(1e12)
	}
	a := w.ok(w.send("POST", "/v1/guests", `{"gender":0,"seeking":[1],"age":30,"name":"\ud83d\ude00 \\ud800"}`), 201)
	if name := a.body["profile"].(map[string]any)["name"]; name != `😀 \ud800` {
		t.Errorf("got %q", name)
	}
}
