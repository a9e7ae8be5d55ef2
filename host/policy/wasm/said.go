package wasm

import (
	"strings"
	"unicode"
)

// Dying takes standard Go more than a question may: up to 600,000 units until
// it has looked through its stack and writes its first word on standard error,
// some 500,000 for the stack that it writes behind. Cut short, every panic would
// look like too much computing, and its author would never read why. So a call
// is stopped only after dyingRoom, or its own fuel where that is more; and one
// that begins a runtime's last words has speechFuel on top, once. It may die with
// all that and nothing else: an answer beyond the call's own fuel is none.
const (
	dyingRoom  = 1_500_000
	speechFuel = 4_000_000
)

// speeches begin the lines a runtime dies with (Go's, on standard error).
func speeches() [2]string { return [...]string{"panic: ", "fatal error: "} }

// saidBytes bounds the words that come into a verdict.
const saidBytes = 200

// said is what a plugin printed during one call, as far as a verdict needs it.
// The zero value is silence.
type said struct {
	panicked bool
	words    string // of the panic; "" they have not come yet
	last     string // line that was no panic
}

// begins says whether an unfinished line of standard error is the beginning of
// a runtime's last words. It is asked once for each length of the line.
func begins(line []byte) bool {
	for _, speech := range speeches() {
		if string(line) == speech {
			return true
		}
	}
	return false
}

// line takes note of a whole line.
func (s *said) line(text string) {
	switch {
	case !s.panicked:
		s.last = text
	case s.words == "":
		for _, speech := range speeches() {
			text = strings.TrimPrefix(text, speech)
		}
		s.words = text
	}
}

// because is what is known of why a call died: the plugin's words, or else how
// it ended and the last that it printed. One line of bounded length.
func (s *said) because(ended string) string {
	switch {
	case s.panicked && s.words == "":
		return "it panicked"
	case s.panicked:
		return "it panicked: " + legible(s.words)
	case s.last != "":
		return ended + "; the last it printed: " + legible(s.last)
	}
	return ended
}

// legible is a plugin's text as it may stand in a sentence.
func legible(text string) string {
	cut := len(text) > saidBytes
	text = strings.ToValidUTF8(text[:min(len(text), saidBytes)], "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
	if cut {
		text += "…"
	}
	return text
}
