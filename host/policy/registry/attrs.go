package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// A plugin reads a product's attribute by its name, and a person who has none
// counts as 0. One that the server does not know is therefore 0 for everybody
// and for ever, and nothing would ever fail: so a load of such a plugin is
// refused. What served already when the configuration lost the attribute serves
// on, since taking a rule away behind an operator's back is worse; the log says
// so at every start and change, and the status until it is mended.

// attrsOf are the product's attributes that a plugin reads, in order.
func attrsOf(m abi.Manifest) (names []string) {
	if m.Rows == nil {
		return nil
	}
	for _, f := range m.Rows.Fields {
		if name, is := strings.CutPrefix(f.Name, abi.AttrPrefix); is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// unknown are those of names that the product does not have; none where it is
// not known which it has.
func (c Config) unknown(names []string) (missing []string) {
	if c.Attrs == nil {
		return nil
	}
	for _, name := range names {
		if !slices.Contains(c.Attrs, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// knows refuses a plugin that reads attributes the product does not have.
func (c Config) knows(m abi.Manifest) error {
	if missing := c.unknown(attrsOf(m)); len(missing) > 0 {
		return refuse("%s", c.lacks(missing))
	}
	return nil
}

// lacks is a sentence about attributes that the product does not have.
func (c Config) lacks(missing []string) string {
	what := "attribute " + missing[0]
	if len(missing) > 1 {
		what = "attributes " + strings.Join(missing, ", ")
	}
	has := "nothing"
	if len(c.Attrs) > 0 {
		has = strings.Join(c.Attrs, ", ")
	}
	return fmt.Sprintf("the server knows no %s; product.attrs names %s", what, has)
}

// warnOfZeros tells the log where what is put in service reads attributes that
// the product does not have.
func (r *Registry) warnOfZeros(g Generation, run *running) {
	if missing := r.cfg.unknown(attrsOf(run.plugin.Manifest())); len(missing) > 0 && g.Hook == Match {
		r.log.Warn("plugin reads attributes that are 0 for everybody", "hook", g.Hook, "plugin", g.Name, "digest", g.Digest, "why", r.cfg.lacks(missing))
	}
}
