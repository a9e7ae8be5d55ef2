package bot

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func choices() Choices {
	return Choices{Genders: 4, Tags: []string{"music", "books", "hiking", "film"}, Langs: []string{"en", "de", "fr"}}
}

func TestProfilesAreWithinWhatAServerAccepts(t *testing.T) {
	c := choices()
	for i := range 300 {
		for _, p := range []Profile{RandomProfile(Rand(1, i), c), DemoProfile(Rand(1, i), c, i), RandomProfile(Rand(2, i), Choices{})} {
			ok := p.Name != "" && utf8.RuneCountInString(p.Name) <= 40 && p.Age >= 18 && p.Age <= 120 &&
				p.AgeMin >= 18 && p.AgeMin <= p.AgeMax && p.AgeMax <= 120 && p.Gender >= 0 && p.Gender < 4 && len(p.Seeking) > 0 &&
				!slices.ContainsFunc(p.Seeking, func(g int) bool { return g < 0 || g >= 4 }) && len(p.Socials) == 3 && len(p.Tags) <= 16 && len(p.Langs) <= 8
			if n := utf8.RuneCountInString(p.Bio); !ok || n < 200 || n > 300 {
				t.Fatalf("profile %d: %+v (bio of %d)", i, p, n)
			}
		}
	}
}

func TestSameSeedSamePerson(t *testing.T) {
	a, b := RandomProfile(Rand(5, 3), choices()), RandomProfile(Rand(5, 3), choices())
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v and %+v", a, b)
	}
	if reflect.DeepEqual(a, RandomProfile(Rand(5, 4), choices())) || reflect.DeepEqual(a, RandomProfile(Rand(6, 3), choices())) {
		t.Error("another person or seed gives the same profile")
	}
}

// TestAnyNewcomerFindsDemoCompany: whoever comes and whomever they seek, a
// small crowd holds several who suit them.
func TestAnyNewcomerFindsDemoCompany(t *testing.T) {
	c := choices()
	for gender := range c.Genders {
		for seeking := range c.Genders {
			suits := 0
			for i := range 32 {
				p := DemoProfile(Rand(1, i), c, i)
				if !strings.HasPrefix(p.Bio, "Demo person. ") || !strings.HasSuffix(p.Bio, ".") {
					t.Fatalf("a demo person passes for a human, or is cut in mid-sentence: %q", p.Bio)
				}
				if p.Gender == seeking && slices.Contains(p.Seeking, gender) && p.AgeMin <= 18 && p.AgeMax >= 99 {
					suits++
				}
			}
			if suits < 4 {
				t.Errorf("a %d who seeks %d finds %d of 32", gender, seeking, suits)
			}
		}
	}
}

func TestPortraitIsASmallJPEG(t *testing.T) {
	a, err := Portrait(rand.New(rand.NewPCG(1, 1)), 64)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Portrait(rand.New(rand.NewPCG(1, 2)), 64)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(a))
	if err != nil || img.Bounds().Dx() != 64 || len(a) > 4<<10 {
		t.Errorf("%d bytes, %v", len(a), err)
	}
	if bytes.Equal(a, b) {
		t.Error("two people look the same")
	}
	for _, size := range []int{0, -1, 4096} {
		if _, err := Portrait(rand.New(rand.NewPCG(1, 1)), size); err == nil {
			t.Errorf("a portrait of %d pixels", size)
		}
	}
}

func TestCandidatesAndLinesWeighWhatTheWorkloadSays(t *testing.T) {
	r := Rand(1, 1)
	for i := range 200 {
		text := candidate(r, i%10)
		var c struct {
			Candidate string `json:"candidate"`
		}
		if err := json.Unmarshal([]byte(text), &c); err != nil || len(text) < 260 || len(text) > 300 {
			t.Fatalf("%d bytes, %v: %s", len(text), err, text)
		}
	}
	if n := len(line(1<<52, 1<<52, 4)); n < 40 || n > 70 {
		t.Errorf("a line of %d bytes", n)
	}
	if line(1, 2, 3) == line(1, 2, 4) || line(1, 2, 3) == line(2, 2, 3) {
		t.Error("two lines are the same")
	}
}

// The page tells people that a demo person has no camera; it knows them by the
// first words of their bio.
func TestThePageKnowsDemoPeople(t *testing.T) {
	page, err := os.ReadFile("../web/src/text.ts")
	if err != nil {
		t.Fatal(err)
	}
	p := DemoProfile(Rand(1, 2), Choices{Genders: 2, Tags: []string{"art"}, Langs: []string{"en"}}, 2)
	mark := regexp.MustCompile(`demoMark = "(.+)"`).FindSubmatch(page)
	if mark == nil || !strings.HasPrefix(p.Bio, string(mark[1])) {
		t.Errorf("the page looks for %q, the bio begins %.40q", mark, p.Bio)
	}
}
