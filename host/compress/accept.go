package compress

import (
	"net/http"
	"strings"
)

// Coding is a content coding as it stands in Content-Encoding; "" is identity.
type Coding string

const (
	Identity Coding = ""
	Brotli   Coding = "br"
	Gzip     Coding = "gzip"
	Deflate  Coding = "deflate"
)

// Accept is what a client takes, by Accept-Encoding (RFC 9110, 12.5.3). The
// zero value is a client that said nothing and gets identity.
type Accept struct {
	br, gzip, deflate, identity uint16 // thousandths; 0 is refused
}

// maxCodings bounds what is read of a header; browsers name four or five.
const maxCodings = 32

// ParseAccept reads the header, however many lines it has. An element that is
// not well formed counts as refused.
func ParseAccept(h http.Header) Accept {
	lines := h.Values("Accept-Encoding")
	if len(lines) == 0 {
		return Accept{identity: 1000}
	}
	const unsaid = 1 << 15
	a := Accept{unsaid, unsaid, unsaid, unsaid}
	star := uint16(unsaid)
	rest := strings.Join(lines, ",")
	for range maxCodings {
		var element string
		if element, rest, _ = strings.Cut(rest, ","); element == "" && rest == "" {
			break
		}
		element = strings.Trim(element, " \t")
		name, weight, weighted := strings.Cut(element, ";")
		q := uint16(1000)
		if weighted {
			q = parseWeight(weight)
		}
		switch strings.ToLower(strings.TrimRight(name, " \t")) {
		case "br":
			a.br = q
		case "gzip", "x-gzip":
			a.gzip = q
		case "deflate":
			a.deflate = q
		case "identity":
			a.identity = q
		case "*":
			star = q
		}
	}
	others := star
	if star == unsaid {
		others = 0
	}
	for _, q := range []*uint16{&a.br, &a.gzip, &a.deflate} {
		if *q == unsaid {
			*q = others
		}
	}
	if a.identity == unsaid {
		// Always acceptable unless refused by name or by *, and never preferred.
		a.identity = 1
		if star == 0 {
			a.identity = 0
		}
	}
	return a
}

// parseWeight reads "q=0.25", in thousandths: at most three digits, from 0 to 1.
func parseWeight(s string) uint16 {
	s = strings.Trim(s, " \t")
	if len(s) < 3 || s[0] != 'q' && s[0] != 'Q' || s[1] != '=' || s[2] != '0' && s[2] != '1' {
		return 0
	}
	whole, digits := uint16(s[2]-'0')*1000, s[3:]
	if digits == "" {
		return whole
	}
	if digits[0] != '.' || len(digits) > 4 {
		return 0
	}
	value, place := whole, uint16(100)
	for _, d := range []byte(digits[1:]) {
		if d < '0' || d > '9' {
			return 0
		}
		value += uint16(d-'0') * place
		place /= 10
	}
	if value > 1000 {
		return 0
	}
	return value
}

// Best answers the coding the client likes most among those offered; of equals
// the one that comes first, and any of them before identity unless the client
// prefers that. Where nothing is acceptable it is identity all the same: better
// an answer than none.
func (a Accept) Best(offered ...Coding) Coding {
	best, most := Identity, uint16(0)
	for _, c := range offered {
		if q := a.q(c); q > most {
			best, most = c, q
		}
	}
	if a.identity > most {
		return Identity
	}
	return best
}

// refusesIdentity: the client would rather have anything else.
func (a Accept) refusesIdentity() bool { return a.identity == 0 }

func (a Accept) q(c Coding) uint16 {
	switch c {
	case Brotli:
		return a.br
	case Gzip:
		return a.gzip
	case Deflate:
		return a.deflate
	default:
		return a.identity
	}
}
