package registry_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// reader is a guest whose rows have attributes of the product's own.
func reader(attrs ...string) []byte {
	var fields strings.Builder
	for i, name := range attrs {
		fmt.Fprintf(&fields, `,{"name":"attr.%s","offset":%d,"type":"i16"}`, name, 2*i+2)
	}
	const age = `{"name":"age","offset":0,"type":"u8"}`
	return policytest.Introduced(strings.Replace(policytest.PlainManifest, age, age+fields.String(), 1)).Bytes()
}

// TestAttributesMustBeKnown: a plugin that would read 0 for everybody is
// refused by name, whichever way it comes.
func TestAttributesMustBeKnown(t *testing.T) {
	for _, c := range []struct {
		attrs []string // the product's
		reads []string
		why   string // "": it serves
	}{
		{nil, []string{"offers"}, ""},
		{[]string{"height_cm", "offers"}, []string{"offers"}, ""},
		{[]string{}, nil, ""},
		{[]string{}, []string{"offers"}, "plugin refused: the server knows no attribute offers; product.attrs names nothing"},
		{[]string{"height_cm"}, []string{"offers", "height_cm"}, "plugin refused: the server knows no attribute offers; product.attrs names height_cm"},
		{[]string{"b", "c"}, []string{"z", "a", "b"}, "plugin refused: the server knows no attributes a, z; product.attrs names b, c"},
	} {
		h := newHouse(t)
		h.cfg.Attrs = c.attrs
		r := h.open()
		module := reader(c.reads...)
		before := serving(r, registry.Match)
		_, inspected := r.Inspect(t.Context(), module)
		_, checked := registry.Check(t.Context(), h.cfg, h.deps(), module, nil)
		v, _, loaded := r.LoadFor(t.Context(), "ada", module, nil, registry.LoadOptions{})
		for _, err := range []error{inspected, checked, loaded} {
			if c.why == "" && err != nil || c.why != "" && (!errors.Is(err, policy.ErrRefused) || err.Error() != c.why) {
				t.Errorf("%v reads %v: %v", c.attrs, c.reads, err)
			}
		}
		if c.why != "" && fmt.Sprint(serving(r, registry.Match)) != fmt.Sprint(before) {
			t.Errorf("%v reads %v: it serves", c.attrs, c.reads)
		}
		slices.Sort(c.reads)
		if c.why == "" && (!slices.Equal(v.Attrs, c.reads) || v.Missing != nil) {
			t.Errorf("%+v", v)
		}
	}
}

// TestALostAttributeIsSaid: what served when the configuration lost an
// attribute serves on, and log and status say what that means; nobody can load
// it anew, and a roll back to it says so again.
func TestALostAttributeIsSaid(t *testing.T) {
	h := newHouse(t)
	h.cfg.Attrs = []string{"height_cm", "offers"}
	r := h.open()
	module := reader("offers")
	h.load(r, module)
	if h.log.has("0 for everybody") {
		t.Error("it is known")
	}
	h.close(r)

	const why = `why="the server knows no attribute offers; product.attrs names height_cm"`
	h.cfg.Attrs = []string{"height_cm"}
	r = h.open()
	if g := serving(r, registry.Match); g.Digest != moduleDigest(module) {
		t.Errorf("%+v", g)
	}
	if v := state(r, moduleDigest(module)); v.State != registry.Serving || !slices.Equal(v.Missing, []string{"offers"}) {
		t.Errorf("%+v", v)
	}
	if n := h.log.count(why); n != 1 { // though it serves three hooks
		t.Errorf("%d warnings", n)
	}
	if _, err := r.Inspect(t.Context(), module); !errors.Is(err, policy.ErrRefused) {
		t.Error(err)
	}
	if _, _, err := r.LoadFor(t.Context(), "ada", module, nil, registry.LoadOptions{}); !errors.Is(err, policy.ErrRefused) {
		t.Error(err)
	}
	h.load(r, guest(7).Bytes())
	if g, err := r.Rollback(t.Context(), "ada", registry.Match); err != nil || g.Digest != moduleDigest(module) {
		t.Errorf("%+v %v", g, err)
	}
	if n := h.log.count(why); n != 2 {
		t.Errorf("%d warnings", n)
	}
}

// TestASeedNeedsItsAttributesToo: a server does not start with a rule that
// would be blind, and says why.
func TestASeedNeedsItsAttributesToo(t *testing.T) {
	h := newHouse(t)
	h.cfg.Attrs = []string{}
	seed := filepath.Join(t.TempDir(), "seed.wasm")
	if err := os.WriteFile(seed, reader("offers"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.cfg.Seeds[registry.Match] = seed
	r, err := registry.Open(t.Context(), h.cfg, h.deps())
	if err == nil {
		h.close(r)
	}
	if !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), "knows no attribute offers") {
		t.Error(err)
	}
}
