package config

import (
	"slices"
	"strings"
	"testing"
)

// TestProductOfAFile: an author reads what the product is, without the secrets
// that the rest of the file needs, and as strictly as a server does.
func TestProductOfAFile(t *testing.T) {
	const file = "admin: {listen: ':9000'}\nproduct:\n  attrs:\n    offers: {min: 0, max: 9}\n    height_cm: {min: 100, max: 230}\n"
	p, err := ReadProduct([]byte(file))
	if err != nil || !slices.Equal(p.AttrNames(), []string{"height_cm", "offers"}) || len(p.Genders) == 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := ReadProduct(nil); err != nil || p.AttrNames() == nil || len(p.AttrNames()) > 0 {
		t.Errorf("%v, %v: no attributes are not unknown ones", p.AttrNames(), err)
	}
	for file, problem := range map[string]string{
		"product: {atrs: {}}":                        "atrs",
		"product: {attrs: {Height: {min: 1}}}":       "product.attrs.Height",
		"product: {attrs: {h: {min: 2, max: 1}}}":    "product.attrs.h.max",
		"product: {attrs: {h: {min: 2, most: 3}}}\n": "most",
	} {
		if _, err := ReadProduct([]byte(file)); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
