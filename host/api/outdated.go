package api

import (
	"maps"
	"slices"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store"
)

// maxAttrs is how many attributes a profile holds, as store.Profile promises.
const maxAttrs = 16

// An operator may take something out of the product's lists that profiles have.
// It stays in those, is not sent to their pages and is in nobody's way; put back
// into the list, it is there again. A gender is a place in the list and has
// nothing to fall back on: a page asks for it anew.

// outdated is what of p's lists the product does not know, or not any more.
type outdated struct {
	seeking     int // bit set
	tags, langs []string
	attrs       map[string]int64
}

// sort parts a profile into what the product knows and what it does not.
func (r rules) sort(p store.Profile) (known store.Profile, old outdated) {
	mask := 1<<r.genders - 1
	old.seeking = p.Seeking &^ mask
	p.Seeking &= mask
	p.Tags, old.tags = part(p.Tags, func(tag string) bool { return r.tags[tag] })
	p.Langs, old.langs = part(p.Langs, func(lang string) bool { return r.langs[lang] })
	attrs := map[string]int64{}
	old.attrs = map[string]int64{}
	for name, n := range p.Attrs {
		if b, is := r.attrs[name]; is && within(b, n) {
			attrs[name] = n
		} else {
			old.attrs[name] = n
		}
	}
	p.Attrs = attrs
	return p, old
}

func within(b config.Bounds, n int64) bool { return n >= b.Min && n <= b.Max }

func part(list []string, is func(string) bool) (yes, no []string) {
	for _, s := range list {
		if is(s) {
			yes = append(yes, s)
		} else {
			no = append(no, s)
		}
	}
	return yes, no
}

// dropFrom takes out of a profile that a page sends what it got before the lists
// changed: only what the person had, as they had it.
func (o outdated) dropFrom(in profile) profile {
	in.Seeking = slices.DeleteFunc(slices.Clone(in.Seeking), func(g int) bool { return g >= 0 && g < 8 && o.seeking>>g&1 == 1 })
	in.Tags, _ = part(in.Tags, func(tag string) bool { return !slices.Contains(o.tags, tag) })
	in.Langs, _ = part(in.Langs, func(lang string) bool { return !slices.Contains(o.langs, lang) })
	in.Attrs = maps.Clone(in.Attrs)
	maps.DeleteFunc(in.Attrs, func(name string, n int64) bool {
		had, is := o.attrs[name]
		return is && had == n
	})
	return in
}

// addTo keeps it beside what the person chose now, as far as there is room.
func (o outdated) addTo(p store.Profile) store.Profile {
	p.Seeking |= o.seeking
	p.Tags = append(p.Tags, o.tags[:min(len(o.tags), maxTags-len(p.Tags))]...)
	p.Langs = append(p.Langs, o.langs[:min(len(o.langs), maxLangs-len(p.Langs))]...)
	attrs := map[string]int64{}
	maps.Copy(attrs, p.Attrs)
	for _, name := range slices.Sorted(maps.Keys(o.attrs)) {
		if _, chosen := attrs[name]; !chosen && len(attrs) < maxAttrs {
			attrs[name] = o.attrs[name]
		}
	}
	p.Attrs = attrs
	return p
}

// own is a stored profile as its person's page gets it.
func (a *api) own(p store.Profile) profile {
	known, _ := a.profile.sort(p)
	return profileOf(known)
}
