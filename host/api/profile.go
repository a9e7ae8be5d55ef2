package api

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store"
)

// What a profile may hold, as store.Profile and the wire promise it.
const (
	maxName, maxBio               = 40, 600 // runes
	maxTags, maxLangs, maxSocials = 16, 8, 6
	maxHandle                     = 80 // runes
	minAge, maxAge                = 18, 120
)

// profile is a person's profile in JSON, both ways.
type profile struct {
	Name    string           `json:"name" need:"yes"`
	Gender  int              `json:"gender" need:"yes"`
	Seeking []int            `json:"seeking" need:"yes"`
	Age     int              `json:"age" need:"yes"`
	AgeMin  *int             `json:"age_min"`
	AgeMax  *int             `json:"age_max"`
	Tags    []string         `json:"tags"`
	Langs   []string         `json:"langs"`
	Bio     string           `json:"bio"`
	Socials []store.Social   `json:"socials"`
	Photo   string           `json:"photo"` // out only; in, "" or the person's own
	Attrs   map[string]int64 `json:"attrs"`
}

// profileOf writes a stored profile for its own person, lists never null.
func profileOf(p store.Profile) profile {
	out := profile{
		Name: p.Name, Gender: p.Gender, Seeking: []int{}, Age: p.Age, AgeMin: &p.AgeMin, AgeMax: &p.AgeMax,
		Tags: append([]string{}, p.Tags...), Langs: append([]string{}, p.Langs...), Bio: p.Bio,
		Socials: append([]store.Social{}, p.Socials...), Photo: p.Photo, Attrs: map[string]int64{},
	}
	for g := range 8 {
		if p.Seeking>>g&1 == 1 {
			out.Seeking = append(out.Seeking, g)
		}
	}
	maps.Copy(out.Attrs, p.Attrs)
	return out
}

// rules check profiles against the product's lists.
type rules struct {
	genders     int
	tags, langs map[string]bool
	attrs       map[string]config.Bounds
}

func newRules(p config.Product) rules {
	r := rules{genders: len(p.Genders), tags: map[string]bool{}, langs: map[string]bool{}, attrs: p.Attrs}
	for _, t := range p.Tags {
		r.tags[t] = true
	}
	for _, l := range p.Langs {
		r.langs[l.ID] = true
	}
	return r
}

// check answers the profile to store (its Photo left to the caller) or a
// *fault for the first field that cannot be, named under prefix.
func (r rules) check(in profile, prefix string) (out store.Profile, err error) {
	v := &verdict{prefix: prefix}
	out = store.Profile{
		Name:    v.text("name", in.Name, maxName, false),
		Gender:  v.within("gender", in.Gender, 0, r.genders-1),
		Seeking: r.seeking(v, in.Seeking),
		Age:     v.within("age", in.Age, minAge, maxAge),
		AgeMin:  v.within("age_min", or(in.AgeMin, minAge), minAge, maxAge),
		AgeMax:  v.within("age_max", or(in.AgeMax, maxAge), minAge, maxAge),
		Tags:    v.members("tags", in.Tags, r.tags, maxTags),
		Langs:   v.members("langs", in.Langs, r.langs, maxLangs),
		Bio:     v.text("bio", in.Bio, maxBio, true),
		Socials: v.socials(in.Socials),
		Attrs:   r.checkAttrs(v, in.Attrs),
	}
	v.that(out.Name != "" && strings.ContainsFunc(out.Name, visible), "name", "A name is needed.")
	v.that(out.AgeMin <= out.AgeMax, "age_max", "Must not be below age_min.")
	if v.first != nil {
		return store.Profile{}, v.first
	}
	return out, nil
}

func (r rules) seeking(v *verdict, list []int) (bits int) {
	v.that(len(list) > 0, "seeking", "Name at least one.")
	for i, g := range list {
		field := fmt.Sprintf("seeking[%d]", i)
		if v.within(field, g, 0, r.genders-1); v.first == nil {
			bits |= 1 << g
		}
	}
	return bits
}

func (r rules) checkAttrs(v *verdict, attrs map[string]int64) map[string]int64 {
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		b, known := r.attrs[name]
		field := join("attrs", name)
		v.that(known, field, "There is no such attribute.")
		v.that(within(b, attrs[name]), field, fmt.Sprintf("Must be between %d and %d.", b.Min, b.Max))
	}
	return attrs
}

// verdict keeps the first fault, so that a profile's rules read as a list.
type verdict struct {
	prefix string
	first  *fault
}

func (v *verdict) that(ok bool, field, detail string) {
	if !ok && v.first == nil {
		v.first = badValue(v.prefix+field, detail)
	}
}

func (v *verdict) within(field string, n, low, high int) int {
	v.that(n >= low && n <= high, field, fmt.Sprintf("Must be between %d and %d.", low, high))
	return n
}

// members are those of a list that the product knows, each once.
func (v *verdict) members(field string, list []string, known map[string]bool, most int) []string {
	var out []string
	for i, s := range list {
		v.that(known[s], fmt.Sprintf("%s[%d]", field, i), "Not in the list of GET /v1/options.")
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
		if v.that(len(out) <= most, field, fmt.Sprintf("At most %d.", most)); v.first != nil {
			return nil
		}
	}
	return out
}

var socialKind = regexp.MustCompile(`^[a-z0-9_]{1,24}$`)

func (v *verdict) socials(list []store.Social) []store.Social {
	v.that(len(list) <= maxSocials, "socials", fmt.Sprintf("At most %d.", maxSocials))
	var out []store.Social
	for i, s := range list[:min(len(list), maxSocials)] {
		at := fmt.Sprintf("socials[%d]", i)
		v.that(socialKind.MatchString(s.Kind), at+".kind", "1 to 24 of a-z, 0-9 and _.")
		s.Handle = v.text(at+".handle", s.Handle, maxHandle, false)
		v.that(s.Handle != "", at+".handle", "A handle is needed.")
		v.that(!slices.Contains(out, s), at, "It is there twice.")
		out = append(out, s)
	}
	return out
}

func or(p *int, otherwise int) int {
	if p == nil {
		return otherwise
	}
	return *p
}
