package bot

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Everything somebody is or chooses comes from one seeded source, so that a
// run can be repeated. Rand makes the one of person i.
func Rand(seed uint64, i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i)+1)) }

const (
	bioRunes = 300            // the workload page's
	demoSays = "Demo person." // first thing in a demo bio: no card may pass for a human's, and the page knows them by it (host/web/src/text.ts)
)

// RandomProfile is a plausible guest: mostly two genders, most seek the other,
// a quarter anyone; ages around thirty; a bio of about 300 characters.
func RandomProfile(r *rand.Rand, c Choices) Profile {
	genders := max(c.Genders, 2)
	p := common(r, c)
	p.Gender = r.IntN(2)
	if genders > 2 && r.IntN(20) == 0 {
		p.Gender = 2 + r.IntN(genders-2)
	}
	switch k := r.IntN(20); {
	case k < 5 || p.Gender > 1:
		p.Seeking = upTo(genders)
	case k < 17:
		p.Seeking = []int{1 - p.Gender}
	default:
		p.Seeking = []int{p.Gender}
	}
	p.AgeMin, p.AgeMax = max(18, p.Age-8-r.IntN(8)), min(120, p.Age+8+r.IntN(12))
	return p
}

// DemoProfile is person i of a demo crowd: among any few neighbours every
// gender occurs and somebody seeks every gender, at every age, so that any
// newcomer finds company. The bio begins by saying what they are.
func DemoProfile(r *rand.Rand, c Choices, i int) Profile {
	genders := max(c.Genders, 2)
	p := common(r, c)
	p.Bio = demoSays + " " + within(p.Bio, bioRunes-len(demoSays)-1)
	p.Gender = i % genders
	if round := i / genders; round%2 == 0 {
		p.Seeking = upTo(genders)
	} else {
		p.Seeking = []int{(i + round/2) % genders}
	}
	p.AgeMin, p.AgeMax = 18, 120
	return p
}

func common(r *rand.Rand, c Choices) Profile {
	name := pick(r, firstNames())
	p := Profile{
		Name:  name,
		Age:   max(18, min(75, 31+int(r.NormFloat64()*8))),
		Tags:  some(r, c.Tags, 2+r.IntN(4)),
		Langs: some(r, c.Langs, 1+r.IntN(3)),
		Bio:   bio(r),
	}
	for _, k := range []string{"instagram", "mastodon", "signal"} {
		p.Socials = append(p.Socials, Social{Kind: k, Handle: fmt.Sprintf("%s.%04d", strings.ToLower(ascii(name)), r.IntN(10_000))})
	}
	return p
}

func bio(r *rand.Rand) string {
	var b strings.Builder
	for _, s := range some(r, sentences(), len(sentences())) {
		if b.Len()+len(s)+1 > bioRunes {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}

// within cuts a bio to whole sentences of at most n bytes.
func within(bio string, n int) string {
	for len(bio) > n {
		cut := strings.LastIndexByte(bio[:len(bio)-1], '.')
		bio = bio[:cut+1]
	}
	return bio
}

func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			return r
		}
		return -1
	}, s)
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// some takes n different ones, or all there are.
func some[T any](r *rand.Rand, of []T, n int) []T {
	n = min(n, len(of))
	out := make([]T, 0, n)
	for _, i := range r.Perm(len(of))[:n] {
		out = append(out, of[i])
	}
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
