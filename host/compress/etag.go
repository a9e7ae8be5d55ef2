package compress

import (
	"net/http"
	"strings"
)

var codings = [...]Coding{Brotli, Gzip, Deflate}

// mark makes "abc" into "abc-br".
func mark(tag string, c Coding) string {
	if !strings.HasSuffix(tag, `"`) || len(tag) < 2 {
		return tag
	}
	return tag[:len(tag)-1] + "-" + string(c) + `"`
}

// plain takes a coding's mark off a tag.
func plain(tag string) string {
	for _, c := range codings {
		if rest, marked := strings.CutSuffix(tag, "-"+string(c)+`"`); marked {
			return rest + `"`
		}
	}
	return tag
}

// tags are the elements of an If-None-Match. Our tags hold no comma.
func tags(header string) []string {
	var all []string
	for _, t := range strings.Split(header, ",") {
		if t = strings.TrimSpace(t); t != "" {
			all = append(all, t)
		}
	}
	return all
}

// withPlainTags shows a handler the tags it gave out itself. If-Range is left as
// it is: a marked tag there names bytes that a range cannot be cut from.
func withPlainTags(r *http.Request) *http.Request {
	asked := tags(strings.Join(r.Header.Values("If-None-Match"), ","))
	marked := false
	for i, t := range asked {
		asked[i] = plain(t)
		marked = marked || asked[i] != t
	}
	if !marked {
		return r
	}
	copied := *r
	copied.Header = r.Header.Clone()
	copied.Header.Set("If-None-Match", strings.Join(asked, ", "))
	return &copied
}

// keepTag gives a 304 the very tag that the client holds.
func keepTag(h http.Header, asked string) {
	own := strings.TrimPrefix(h.Get("ETag"), "W/")
	for _, t := range tags(asked) {
		if own != "" && plain(strings.TrimPrefix(t, "W/")) == own {
			h.Set("ETag", t)
			return
		}
	}
}
