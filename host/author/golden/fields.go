package golden

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// parsePerson reads name=value words. waited=90s is since_ms told from now.
func parsePerson(line int, name string, words []string, now time.Time) (person, error) {
	who := person{line: line, name: name, Person: policy.Person{Attrs: map[string]int64{}, Since: now.UnixMilli()}}
	seen := map[string]bool{}
	for _, w := range words {
		field, value, err := pair(w, seen)
		if err != nil {
			return person{}, err
		}
		seen[field] = true
		if err := who.set(field, value, now); err != nil {
			return person{}, fmt.Errorf("person %s: %w", name, err)
		}
		if field == "waited" {
			field = "since_ms"
		}
		who.fields = append(who.fields, field)
	}
	return who, nil
}

func (p *person) set(field, value string, now time.Time) (err error) {
	small := map[string]*uint8{"gender": &p.Gender, "seeking": &p.Seeking, "age": &p.Age, "age_min": &p.AgeMin, "age_max": &p.AgeMax}
	sets := map[string]*uint64{"tags": &p.Tags, "langs": &p.Langs}
	var n uint64
	switch attr, own := strings.CutPrefix(field, abi.AttrPrefix); {
	case own && abi.ValidName(attr):
		p.Attrs[attr], err = strconv.ParseInt(value, 0, 64)
	case small[field] != nil:
		n, err = strconv.ParseUint(value, 0, 8)
		*small[field] = uint8(n)
	case sets[field] != nil:
		*sets[field], err = strconv.ParseUint(value, 0, 64)
	case field == "since_ms":
		p.Since, err = strconv.ParseInt(value, 0, 64)
	case field == "waited":
		var d time.Duration
		d, err = time.ParseDuration(value)
		p.Since = now.Add(-d).UnixMilli()
	default:
		return fmt.Errorf("there is no field %.40q; a product's own begins with %s", field, abi.AttrPrefix)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be %.40q", field, value)
	}
	return nil
}

// parseCase reads what happened, how a call ended, and name=value words; the
// words caller, callee and reported stand for themselves.
func parseCase(words []string) (c lobby.Case, fields []string, err error) {
	whats := []string{"call", "declined", "rescinded"}
	hows := []string{"hangup", "clock", "lost", "left", "blocked"}
	if len(words) == 0 || !slices.Contains(whats, words[0]) {
		return c, nil, fmt.Errorf("after what? One of %s", strings.Join(whats, ", "))
	}
	c.What, words = words[0], words[1:]
	fields = append(fields, "what")
	if len(words) > 0 && slices.Contains(hows, words[0]) {
		c.How, words = words[0], words[1:]
		fields = append(fields, "how")
	}
	seen := map[string]bool{}
	for _, w := range words {
		if w == "reported" {
			w = "reported=1"
		}
		name, value, err := pair(w, seen)
		if err != nil {
			return c, nil, err
		}
		seen[name] = true
		fields = append(fields, name)
		if err := setCase(&c, name, value); err != nil {
			return c, nil, err
		}
	}
	return c, fields, nil
}

func setCase(c *lobby.Case, name, value string) (err error) {
	switch name {
	case "asked":
		c.Asked, err = parseSeconds(value)
	case "talked":
		c.Talked, err = parseSeconds(value)
	case "met":
		c.Met, err = strconv.ParseInt(value, 0, 64)
	case "reported":
		c.Reported, err = strconv.ParseBool(value)
	case "ended_by":
		c.EndedBy = int64(slices.Index([]string{"nobody", "caller", "callee"}, value))
		if c.EndedBy < 0 {
			return fmt.Errorf("ended_by cannot be %.40q; nobody, caller and callee can", value)
		}
	default:
		return fmt.Errorf("there is no field %.40q; asked, talked, met, reported and ended_by are", name)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be %.40q", name, value)
	}
	return nil
}

// parseSeconds reads 90, 90s, 24h, 1h30m.
func parseSeconds(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d%time.Second != 0 {
		return 0, fmt.Errorf("%.40q is no time such as 90s, 24h or 1h30m", s)
	}
	return int64(d / time.Second), nil
}

// spellSeconds is the shortest of 90s, 10m, 24h, 1h30m; 0s for none.
func spellSeconds(n int64) string {
	if n < 0 || n > abi.MaxCooldown {
		return strconv.FormatInt(n, 10)
	}
	var b strings.Builder
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{3600, "h"}, {60, "m"}, {1, "s"}} {
		if many := n / unit.seconds; many > 0 || b.Len() == 0 && unit.seconds == 1 {
			fmt.Fprintf(&b, "%d%s", many, unit.name)
		}
		n %= unit.seconds
	}
	return b.String()
}
