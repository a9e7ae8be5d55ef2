package compress

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheClientChooses(t *testing.T) {
	for header, want := range map[string]Coding{
		"":                                  Identity,
		"br":                                Brotli,
		"gzip, deflate, br, zstd":           Brotli, // Chrome
		"gzip, deflate":                     Gzip,
		"deflate":                           Deflate,
		"identity":                          Identity,
		"*":                                 Brotli,
		"gzip;q=0":                          Identity,
		"gzip;q=0, *":                       Brotli,
		"br;q=0, *":                         Gzip,
		"br;q=0, gzip;q=0, *":               Deflate,
		"br;q=0, *;q=0":                     Identity,
		"gzip;q=1.0, br;q=0.5":              Gzip,
		"gzip;q=0.999, br":                  Brotli,
		"deflate;q=0.6,gzip;q=0.5":          Deflate,
		"identity;q=0":                      Identity, // nothing else was named
		"identity;q=0, deflate;q=0.1":       Deflate,
		"identity, gzip;q=0.5":              Identity,
		"identity;q=0.5, gzip;q=0.5":        Gzip,
		"identity;q=0.2, br;q=0.1":          Identity,
		"br;q=0.001":                        Brotli,
		"BR":                                Brotli,
		"x-gzip":                            Gzip,
		"gzip ; Q=0.4 , deflate ;\tq=0.3":   Gzip,
		" , ,gzip,":                         Gzip,
		"gzip;q=0.0000":                     Identity, // at most three digits
		"gzip;q=2":                          Identity,
		"gzip;q=1.001":                      Identity,
		"gzip;q=-1":                         Identity,
		"gzip;q=":                           Identity,
		"gzip;q":                            Identity,
		"gzip;level=9":                      Identity,
		"gzip;q=0.5;q=1":                    Identity,
		"gzipped":                           Identity,
		"xbr":                               Identity,
		"gzip;q=0, gzip":                    Gzip, // the last word
		strings.Repeat("no,", 100) + "gzip": Identity,
	} {
		h := http.Header{"Accept-Encoding": {header}}
		if got := ParseAccept(h).Best(Brotli, Gzip, Deflate); got != want {
			t.Errorf("%.60q: %q, want %q", header, got, want)
		}
	}
	if got := ParseAccept(http.Header{}).Best(Brotli, Gzip, Deflate); got != Identity {
		t.Errorf("a client that says nothing gets %q", got)
	}
	two := http.Header{"Accept-Encoding": {"gzip;q=0.5", "br;q=0.1"}}
	if got := ParseAccept(two).Best(Brotli, Gzip, Deflate); got != Gzip {
		t.Errorf("two lines: %q", got)
	}
	if got := ParseAccept(http.Header{"Accept-Encoding": {"br, gzip"}}).Best(Gzip, Deflate); got != Gzip {
		t.Errorf("what is not offered was chosen: %q", got)
	}
}

// FuzzParseAccept: whatever a client sends, it never gets a coding that it
// refused, or did not name and had no * for.
func FuzzParseAccept(f *testing.F) {
	for _, seed := range []string{"gzip, deflate, br", "identity;q=0, *;q=0.5", "br;q=0", ";;;,,,q=q=", "*;q=0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c := ParseAccept(http.Header{"Accept-Encoding": {header}}).Best(Brotli, Gzip, Deflate)
		if c == Identity {
			return
		}
		lower := strings.ToLower(header)
		if !strings.Contains(lower, string(c)) && !strings.Contains(lower, "*") {
			t.Fatalf("%q was answered in %q", header, c)
		}
		refused := ParseAccept(http.Header{"Accept-Encoding": {string(c) + ";q=0"}}).Best(Brotli, Gzip, Deflate)
		if refused != Identity {
			t.Fatalf("%q refused and sent", c)
		}
	})
}
