package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// AppendSignal spells what a signalling plugin is asked: kind, a zero byte, body.
func AppendSignal(dst []byte, kind string, body []byte) ([]byte, error) {
	if len(kind)+1 > signalHead || len(body) > abi.MaxSignal || strings.Contains(kind, "\x00") {
		return nil, fmt.Errorf("signalling: %d bytes of kind %.40q cannot be asked about", len(body), kind)
	}
	dst = append(append(dst, kind...), 0)
	return append(dst, body...), nil
}

// signalHead is room for a kind and its zero byte.
const signalHead = 64

// MaxSignalQuestion is the longest that AppendSignal appends.
const MaxSignalQuestion = signalHead + abi.MaxSignal

// CheckSignal holds a signalling plugin's answer against what it was asked: it
// can only have left out what the two browsers can do without. It can add
// nothing, reorder nothing, and change neither who the call is with nor what it
// consists of. Errors wrap ErrInvalid.
func CheckSignal(kind string, before, after []byte) error {
	var err error
	switch {
	case len(after) == 0:
		err = fmt.Errorf("it left nothing")
	case len(after) > len(before):
		err = fmt.Errorf("it made %d bytes of %d", len(after), len(before))
	case bytes.Equal(after, before):
	case !utf8.Valid(after):
		err = fmt.Errorf("it is not UTF-8")
	case kind == "offer" || kind == "answer":
		err = checkDescription(before, after)
	case kind == "candidate":
		if !plainlyShorter(before, after) {
			err = checkCandidate(before, after)
		}
	default:
		err = fmt.Errorf("it shortened something of another kind")
	}
	if err != nil {
		return fmt.Errorf("%w: of %.20q: %w", ErrInvalid, kind, err)
	}
	return nil
}

// Lines that must stay where they are, and those that must stay at least once:
// a bundled section may leave its transport to the first.
var (
	mustStay     = []string{"v=", "o=", "s=", "t=", "m=", "a=group:", "a=mid:", "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"}
	mustStayOnce = []string{"a=fingerprint:", "a=ice-ufrag:", "a=ice-pwd:", "a=setup:"}
)

// checkDescription walks both descriptions at once. Since no m= line can be
// passed over, a line is only ever found in its own section.
func checkDescription(before, after []byte) error {
	var spared [][]byte // of mustStayOnce, left out where they stood
	kept := map[string]bool{}
	for len(after) > 0 {
		var want []byte
		want, after = cutLine(after)
		for {
			if len(before) == 0 {
				return fmt.Errorf("a line was not there: %s", nameOf(want))
			}
			var line []byte
			line, before = cutLine(before)
			if bytes.Equal(line, want) || fewerPayloads(line, want) {
				kept[string(line)] = true
				break
			}
			if begins(line, mustStay) {
				return fmt.Errorf("a line is gone, or another stands before it: %s", nameOf(line))
			}
			if begins(line, mustStayOnce) {
				spared = append(spared, line)
			}
		}
	}
	for len(before) > 0 {
		var line []byte
		line, before = cutLine(before)
		if begins(line, mustStay) {
			return fmt.Errorf("a line is gone: %s", nameOf(line))
		}
		if begins(line, mustStayOnce) {
			spared = append(spared, line)
		}
	}
	for _, line := range spared {
		if !kept[string(line)] {
			return fmt.Errorf("a line is gone: %s", nameOf(line))
		}
	}
	return nil
}

// cutLine answers the first line with its end.
func cutLine(text []byte) (line, rest []byte) {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, nil
}

// nameOf is what of a line may stand in a log: not its value, which may be an
// address.
func nameOf(line []byte) string {
	if bytes.HasPrefix(line, []byte("a=")) {
		name, _, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		return fmt.Sprintf("%.24q", name)
	}
	return fmt.Sprintf("%.2q", line)
}

func begins(line []byte, with []string) bool {
	return slices.ContainsFunc(with, func(p string) bool { return bytes.HasPrefix(line, []byte(p)) })
}

// fewerPayloads: after is the m= line before with some of its payloads left out.
func fewerPayloads(before, after []byte) bool {
	if !bytes.HasPrefix(before, []byte("m=")) || lineEnd(before) != lineEnd(after) {
		return false
	}
	// Split at single blanks, so that not even a blank can be added.
	had, has := words(before), words(after)
	const fixed = 3 // media, port, protocol
	return len(had) > fixed && len(has) > fixed && slices.Equal(had[:fixed], has[:fixed]) && within(had[fixed:], has[fixed:])
}

func lineEnd(line []byte) string {
	return string(line[len(bytes.TrimRight(line, "\r\n")):])
}

func words(line []byte) []string {
	return strings.Split(string(bytes.TrimRight(line, "\r\n")), " ")
}

// within: every part of some stands in all, in that order.
func within[T comparable](all, some []T) bool {
	for _, s := range some {
		i := slices.Index(all, s)
		if i < 0 {
			return false
		}
		all = all[i+1:]
	}
	return true
}

// checkCandidate compares two RTCIceCandidateInit.
func checkCandidate(before, after []byte) error {
	var had, has map[string]json.RawMessage
	if json.Unmarshal(before, &had) != nil || had == nil {
		return fmt.Errorf("what was asked is no JSON object, and it was changed")
	}
	if json.Unmarshal(after, &has) != nil || has == nil {
		return fmt.Errorf("it is no JSON object")
	}
	for name, value := range has {
		was, there := had[name]
		if !there {
			return fmt.Errorf("it has a member of its own")
		}
		if name != "candidate" && !bytes.Equal(was, value) {
			return fmt.Errorf("one of its members is another")
		}
	}
	var was, is string
	if json.Unmarshal(had["candidate"], &was) != nil || json.Unmarshal(has["candidate"], &is) != nil {
		return fmt.Errorf("it has no candidate")
	}
	const fixed = 8 // foundation, component, transport, priority, address, port, "typ", type
	old, now := strings.Split(was, " "), strings.Split(is, " ")
	if is != was && (len(old) < fixed || len(now) < fixed || !slices.Equal(old[:fixed], now[:fixed]) || !within(pairs(old[fixed:]), pairs(now[fixed:]))) {
		return fmt.Errorf("its candidate says something else")
	}
	return nil
}

// pairs are a candidate's extensions, a name and a value each.
func pairs(words []string) (all [][2]string) {
	for len(words) >= 2 {
		all, words = append(all, [2]string{words[0], words[1]}), words[2:]
	}
	if len(words) == 1 {
		all = append(all, [2]string{words[0]})
	}
	return all
}
