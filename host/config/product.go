package config

import (
	"maps"
	"slices"
)

// ReadProduct reads of a YAML file what the product is, as Load does, and asks
// for nothing else of it: an author of plugins has the file and not its secrets.
func ReadProduct(file []byte) (Product, error) {
	c := Default()
	if err := readYAML(&c, file); err != nil {
		return Product{}, err
	}
	k := &check{}
	c.Product.validate(k)
	return c.Product, k.err()
}

// AttrNames are the product's own attributes, in order; empty, and never nil, if
// it has none.
func (p Product) AttrNames() []string {
	names := slices.AppendSeq([]string{}, maps.Keys(p.Attrs))
	slices.Sort(names)
	return names
}
