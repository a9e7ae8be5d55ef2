package api

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many marks may pile up on one character; writing systems get
// by with 4, more reach into the neighbours' lines.
const maxMarks = 4

// text trims, and refuses what is too long or would not print as what it is.
func (v *verdict) text(field, s string, most int, lines bool) string {
	if lines {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	s = strings.TrimSpace(s)
	v.that(utf8.RuneCountInString(s) <= most, field, fmt.Sprintf("At most %d characters.", most))
	if v.first == nil {
		v.characters(field, []rune(tagFlags.Replace(s)), lines)
	}
	return s
}

func (v *verdict) characters(field string, s []rune, lines bool) {
	marks := 0
	for i, c := range s {
		switch {
		case lines && (c == '\n' || c == '\t'):
			marks = 0
			continue
		case unicode.In(c, unicode.Mn, unicode.Me): // those with a width of their own do not pile up
			marks++
		case unicode.In(c, unicode.Mc, unicode.Cf):
		default:
			marks = 0
		}
		v.that(!unicode.In(c, unicode.Cc, unicode.Zl, unicode.Zp), field, "Control characters are not allowed.")
		v.that(!invisible(c) || joins(s, i) || varies(s, i) || lines && turns(c), field, "Invisible characters are not allowed.")
		v.that(marks <= maxMarks, field, fmt.Sprintf("At most %d marks on one character.", maxMarks))
	}
}

// invisible: what leaves no trace or only a blank, by which one name would pass
// for another, or for none; and the marks that turn the direction of what
// follows (a name must not rearrange the page around it).
func invisible(c rune) bool {
	switch c {
	case 0x2800, 0x1d159: // the Braille cell without dots, the note without a head
		return true
	}
	return unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || // fillers
		unicode.Is(unicode.Cf, c) && !unicode.Is(unicode.Prepended_Concatenation_Mark, c) // Arabic number signs are seen
}

// joins: the joiner and the non-joiner shape what they stand between, letters
// (or their marks) and emoji.
func joins(s []rune, i int) bool {
	return (s[i] == 0x200c || s[i] == 0x200d) && i > 0 && i < len(s)-1 && shaped(s[i-1]) && shaped(s[i+1])
}

func shaped(c rune) bool {
	return unicode.In(c, unicode.L, unicode.M, unicode.S) && (!invisible(c) || unicode.Is(unicode.Variation_Selector, c))
}

// varies: a variation selector chooses the form of a sign that has several; after
// other letters it does nothing.
func varies(s []rune, i int) bool {
	return unicode.Is(unicode.Variation_Selector, s[i]) && i > 0 &&
		(unicode.In(s[i-1], unicode.S, unicode.N, unicode.P, unicode.Han, unicode.Mongolian, unicode.Myanmar) || s[i-1] == 'ℹ')
}

// turns: the marks that set the direction of the neutral characters beside them,
// and nothing further. A longer text of two scripts needs them.
func turns(c rune) bool { return c == 0x200e || c == 0x200f }

// tagFlags reads the three flags that are spelled in invisible letters as what
// they look like.
var tagFlags = strings.NewReplacer(
	"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U0001f3f4", // England
	"\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "\U0001f3f4", // Scotland
	"\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", "\U0001f3f4", // Wales
)

func visible(c rune) bool { return unicode.In(c, unicode.L, unicode.N, unicode.S, unicode.P) }
