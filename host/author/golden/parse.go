package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// MaxFile is how many bytes a file of cases may have.
const MaxFile = 1 << 20

// Parse reads a file of cases; errors begin with name and line. It knows no
// plugin: whether a field or a param exists is found out by Play.
func Parse(name string, text []byte) (*File, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("%s: it has %d bytes; %d are allowed", name, len(text), MaxFile)
	}
	p := &parser{File: &File{Name: name, lines: strings.Split(string(text), "\n")}, now: evening, people: map[string]person{}}
	for i, line := range p.lines {
		if err := p.statement(i+1, strings.TrimSpace(line)); err != nil {
			return nil, p.fault(i+1, "%w", err)
		}
	}
	if p.open != nil {
		return nil, p.fault(p.open.Line, "%q has no answer; write => behind it", p.open.Question)
	}
	return p.File, nil
}

type parser struct {
	*File
	now    time.Time
	params map[string]int64
	people map[string]person
	open   *Case // a question whose => has not come yet
}

func (p *parser) statement(line int, text string) error {
	if text == "" || text[0] == '#' {
		return nil
	}
	if answer, is := strings.CutPrefix(text, "=>"); is {
		if p.open == nil {
			return fmt.Errorf("an answer without a question")
		}
		return p.answer(line, *p.open, answer)
	}
	if p.open != nil {
		return fmt.Errorf("the question before has no answer; write => behind it")
	}
	verb, rest, _ := strings.Cut(text, " ")
	switch verb {
	case "now", "params", "person":
		return p.declare(line, verb, strings.Fields(uncomment(rest)))
	}
	if verb != "plan" && verb != "publish" { // a payload may hold a #
		text = uncomment(text)
	}
	question, answer, answered := cutAnswer(text)
	c := Case{Line: line, Question: strings.TrimSpace(question), Params: p.params, now: p.now.UnixMilli()}
	if err := p.ask(&c); err != nil {
		return err
	}
	if !answered {
		p.open = &c
		return nil
	}
	return p.answer(line, c, answer)
}

// cutAnswer finds the first => outside a JSON string.
func cutAnswer(text string) (question, answer string, found bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], "=>"):
			return text[:i], text[i+2:], true
		}
	}
	return text, "", false
}

func (p *parser) declare(line int, verb string, words []string) (err error) {
	switch verb {
	case "now":
		if len(words) != 1 {
			return fmt.Errorf("now takes one time, such as %s", evening.Format(time.RFC3339))
		}
		if p.now, err = time.Parse(time.RFC3339, words[0]); err != nil {
			return fmt.Errorf("%q is no time such as %s", words[0], evening.Format(time.RFC3339))
		}
	case "params":
		p.params = map[string]int64{}
		for _, w := range words {
			name, value, err := pair(w, p.params)
			if err != nil {
				return err
			}
			if p.params[name], err = strconv.ParseInt(value, 0, 64); err != nil {
				return fmt.Errorf("param %s: %q is no whole number", name, value)
			}
		}
	case "person":
		if len(words) == 0 || strings.Contains(words[0], "=") {
			return fmt.Errorf("a person needs a name")
		}
		who, err := parsePerson(line, words[0], words[1:], p.now)
		if err != nil {
			return err
		}
		p.people[who.name] = who
	}
	return nil
}

func (p *parser) ask(c *Case) (err error) {
	verb, rest, _ := strings.Cut(c.Question, " ")
	switch verb {
	case "after":
		c.Hook = abi.HookCooldown
		c.kase, c.kaseFields, err = parseCase(strings.Fields(rest))
		return err
	case "plan", "publish":
		return askTrim(c, verb, rest)
	}
	words := strings.Fields(c.Question)
	if len(words) != 3 || words[1] != "sees" {
		return fmt.Errorf("%.60q is no statement; now, params, person, NAME sees NAME, after, plan and publish are", c.Question)
	}
	c.Hook = abi.HookMatch
	var known bool
	if c.viewer, known = p.people[words[0]]; !known {
		return fmt.Errorf("there is no person %s before this line", words[0])
	}
	if c.other, known = p.people[words[2]]; !known {
		return fmt.Errorf("there is no person %s before this line", words[2])
	}
	return nil
}

func askTrim(c *Case, verb, rest string) error {
	c.Hook = abi.HookTrim
	words := strings.SplitN(strings.TrimSpace(rest), " ", 4)
	if len(words) < 3 || words[1] != "to" || (verb == "publish") != (len(words) == 4) {
		return fmt.Errorf(`write "plan KIND to AUDIENCE", or "publish KIND to AUDIENCE {…}"`)
	}
	c.kind, c.audience = words[0], words[2]
	if _, err := policy.Question(c.kind, c.audience); err != nil {
		return err
	}
	if verb == "publish" {
		c.payload = []byte(strings.TrimSpace(words[3]))
		if !json.Valid(c.payload) || c.payload[0] != '{' {
			return fmt.Errorf("%.60q is no JSON object", c.payload)
		}
	}
	return nil
}

// answer closes a question; whatever is written is brought into the one
// spelling that answers have.
func (p *parser) answer(line int, c Case, written string) (err error) {
	p.open = nil
	c.answerLine = line
	written = strings.TrimSpace(written)
	if c.Hook != abi.HookTrim {
		written = uncomment(written)
	}
	if written != "" {
		if c.Want, err = spell(c.Hook, written); err != nil {
			return err
		}
	}
	p.Cases = append(p.Cases, c)
	return nil
}

func spell(hook, written string) (string, error) {
	switch hook {
	case abi.HookMatch:
		if written == "never" {
			return written, nil
		}
		n, err := strconv.ParseInt(written, 0, 32)
		if err != nil || n == abi.Ineligible {
			return "", fmt.Errorf("%.40q is no score: write a whole number, or never", written)
		}
		return strconv.FormatInt(n, 10), nil
	case abi.HookCooldown:
		seconds, err := parseSeconds(written)
		return spellSeconds(seconds), err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(written)); err != nil {
		return "", fmt.Errorf("%.60q is no JSON", written)
	}
	return b.String(), nil
}

// uncomment cuts off a comment at the end of a line.
func uncomment(s string) string {
	if i := strings.Index(" "+s, " #"); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSpace(s)
}

// pair cuts name=value and refuses a name that was there before.
func pair[V any](word string, before map[string]V) (name, value string, err error) {
	name, value, ok := strings.Cut(word, "=")
	if !ok || name == "" {
		return "", "", fmt.Errorf("%.40q is not name=value", word)
	}
	if _, twice := before[name]; twice {
		return "", "", fmt.Errorf("%s stands twice", name)
	}
	return name, value, nil
}
