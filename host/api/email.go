package api

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxEmail, maxLocal, maxLabel = 254, 64, 63 // bytes, as mail servers count them
	minPassword, maxPassword     = 8, 128      // characters
)

// email is an address as its person wrote it, without blanks around, and the
// key under which it is unique: in small letters. Whether somebody reads mail
// there is not checked.
func parseEmail(text string) (email, key string, ok bool) {
	email = strings.TrimSpace(text)
	at := strings.LastIndexByte(email, '@')
	if at < 1 || at > maxLocal || len(email) > maxEmail || !utf8.ValidString(email) || strings.IndexFunc(email, strange) >= 0 {
		return "", "", false
	}
	local, labels := email[:at], strings.Split(email[at+1:], ".")
	if strings.Contains(local, "@") || len(labels) < 2 {
		return "", "", false
	}
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' || strings.IndexFunc(l, notInHost) >= 0 {
			return "", "", false
		}
	}
	key = strings.ToLower(email)
	return email, key, len(key) <= maxEmail
}

// strange: what does not stand in an address that people use.
func strange(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.N, unicode.M) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.@", r) || invisible(r)
}

func notInHost(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) && r != '-' }

// checkEmail answers the address and its key, or a refusal that names the field.
func checkEmail(text string) (email, key string, err error) {
	email, key, ok := parseEmail(text)
	if !ok {
		return "", "", badValue("email", "This is no email address.")
	}
	return email, key, nil
}

// checkPassword refuses what is too easy to guess, or too long to hash for a stranger.
func checkPassword(field, password, emailKey string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < minPassword:
		return badValue(field, "At least 8 characters.")
	case n > maxPassword:
		return badValue(field, "At most 128 characters.")
	case strings.EqualFold(password, emailKey):
		return badValue(field, "Must not be the email address.")
	}
	return nil
}
