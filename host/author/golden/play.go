package golden

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Rules is a plugin that runs with certain params, natively or as wasm.
type Rules interface {
	Manifest() abi.Manifest
	Match(ctx context.Context) (policy.Match, error)
	Cooldown() (policy.Cooldown, error)
	Trim() (policy.Trim, error)
	Close(ctx context.Context) error
}

// Open runs the plugin with these params; those missing have their default.
type Open func(ctx context.Context, params map[string]int64) (Rules, error)

// Play puts every case to the plugin, in order, and answers one Answer for
// each. A plugin that fails one case is asked the next; an error means that the
// file does not fit the plugin, or that it does not run.
func (f *File) Play(ctx context.Context, open Open) ([]Answer, error) {
	return f.play(ctx, open, func(int) {})
}

// play is Play, and tells the line of each case before it is asked.
func (f *File) play(ctx context.Context, open Open, asking func(line int)) ([]Answer, error) {
	var answers []Answer
	for begin := 0; begin < len(f.Cases); {
		end := begin
		for end < len(f.Cases) && maps.Equal(f.Cases[end].Params, f.Cases[begin].Params) {
			end++
		}
		some, err := f.playWith(ctx, open, f.Cases[begin:end], asking)
		if err != nil {
			return nil, err
		}
		answers, begin = append(answers, some...), end
	}
	return answers, nil
}

// playWith plays cases that share their params.
func (f *File) playWith(ctx context.Context, open Open, cases []Case, asking func(line int)) (answers []Answer, err error) {
	rules, err := open(ctx, cases[0].Params)
	if err != nil {
		return nil, f.fault(cases[0].Line, "%w", err)
	}
	defer func() {
		if closing := rules.Close(ctx); err == nil {
			err = closing
		}
	}()
	m := rules.Manifest()
	for i := range cases {
		if err := f.fits(&cases[i], m); err != nil {
			return nil, err
		}
		asking(cases[i].Line)
		answers = append(answers, cases[i].ask(ctx, rules))
	}
	return answers, ctx.Err()
}

// fits refuses what the plugin never reads: it would be a misspelling, or a
// field that its author forgot to declare.
func (f *File) fits(c *Case, m abi.Manifest) error {
	if !slices.Contains(m.Hooks, c.Hook) {
		return f.fault(c.Line, "%s does not serve the hook %s", m.Name, c.Hook)
	}
	switch c.Hook {
	case abi.HookMatch:
		for _, who := range []person{c.viewer, c.other} {
			if name := undeclared(who.fields, m.Rows); name != "" {
				return f.fault(who.line, "person %s has %s, which the plugin's row does not declare", who.name, name)
			}
		}
	case abi.HookCooldown:
		for _, name := range c.kaseFields {
			if name != "what" && name != "how" && undeclared([]string{name}, m.Case) != "" {
				return f.fault(c.Line, "%s is told, but the plugin's case does not declare it", name)
			}
		}
	}
	return nil
}

func undeclared(names []string, l *abi.Layout) string {
	for _, name := range names {
		if !slices.ContainsFunc(l.Fields, func(f abi.Field) bool { return f.Name == name }) {
			return name
		}
	}
	return ""
}

func (c *Case) ask(ctx context.Context, rules Rules) Answer {
	text, err := c.put(ctx, rules)
	if err != nil {
		return Answer{Err: err.Error()}
	}
	return Answer{Text: text}
}

func (c *Case) put(ctx context.Context, rules Rules) (string, error) {
	switch c.Hook {
	case abi.HookMatch:
		return c.score(ctx, rules)
	case abi.HookCooldown:
		rule, err := rules.Cooldown()
		if err != nil {
			return "", err
		}
		seconds, err := rule.Decide(ctx, c.kase)
		return spellSeconds(seconds), err
	}
	rule, err := rules.Trim()
	if err != nil {
		return "", err
	}
	plan, err := rule.Plan(ctx, c.kind, c.audience)
	if err != nil {
		return "", err
	}
	return c.carryOut(plan)
}

// score asks in both directions, which must agree.
func (c *Case) score(ctx context.Context, rules Rules) (text string, err error) {
	m, err := rules.Match(ctx)
	if err != nil {
		return "", err
	}
	defer m.Close(ctx)
	const viewer, other = 0, 1
	m.Set(viewer, &c.viewer.Person)
	m.Set(other, &c.other.Person)
	var one, two [1]int32
	if err := m.Score(ctx, c.now, viewer, other, one[:]); err != nil {
		return "", err
	}
	if err := m.ScoreFor(ctx, c.now, other, viewer, two[:]); err != nil {
		return "", err
	}
	if one != two {
		return "", fmt.Errorf("%s answers %s, %s of the same pair %s", abi.SkyScore, points(one[0]), abi.SkyScoreFor, points(two[0]))
	}
	return points(one[0]), nil
}

func points(n int32) string {
	if n == abi.Ineligible {
		return "never"
	}
	return strconv.Itoa(int(n))
}

// carryOut answers the payload as the server would publish it, or the plan.
func (c *Case) carryOut(plan policy.Plan) (string, error) {
	if c.payload == nil {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		err := e.Encode(plan)
		return string(bytes.TrimSpace(b.Bytes())), err
	}
	published, err := plan.Apply(nil, c.payload, policy.Optional(c.kind))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = json.Compact(&b, published)
	return b.String(), err
}
