package registry

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// selfCheck asks a plugin fixed questions before it serves anyone: whether it
// answers within the contract, and the same twice. Whether the answers are wise
// is not asked. Errors wrap policy.ErrRefused.
func selfCheck(ctx context.Context, p answerer) error {
	for _, h := range hooksOf(p.Manifest()) {
		var err error
		switch h {
		case Match:
			err = checkMatch(ctx, p)
		case Cooldown:
			err = checkCooldown(ctx, p)
		case Trim:
			err = checkTrim(ctx, p)
		case Signalling:
			err = checkSignalling(ctx, p)
		}
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("registry: self-check: %w", ctx.Err())
		}
		if err != nil {
			return refuse("in the self-check of %s, %w", h, err)
		}
	}
	return nil
}

func checkCooldown(ctx context.Context, p answerer) error {
	c, err := p.Cooldown()
	if err != nil {
		return err
	}
	cases, first := goldenCases(), map[lobby.Case]int64{}
	for range 2 {
		for _, k := range cases {
			seconds, err := c.Decide(ctx, k)
			if err != nil {
				return err
			}
			if before, asked := first[k]; asked && before != seconds {
				return fmt.Errorf("it answered %d and %d seconds to the same case", before, seconds)
			}
			first[k] = seconds
		}
	}
	return nil
}

func goldenCases() (all []lobby.Case) {
	for _, what := range []string{"call", "declined", "rescinded"} {
		for _, how := range []string{"hangup", "clock", "lost", "left", "blocked"} {
			for _, n := range []int64{0, 14, 300, math.MaxUint32} {
				for by := range int64(3) {
					all = append(all,
						lobby.Case{What: what, How: how, EndedBy: by, Asked: 300, Talked: n, Met: 1},
						lobby.Case{What: what, How: how, EndedBy: by, Asked: n, Talked: 60, Met: n % 97, Reported: true})
				}
			}
		}
	}
	return all
}

func checkTrim(ctx context.Context, p answerer) error {
	t, err := p.Trim()
	if err != nil {
		return err
	}
	type question struct{ kind, audience string }
	first := map[question]policy.Plan{}
	for range 2 {
		for _, kind := range []string{"card", "reel", "presence", "unheard-of"} {
			for _, audience := range []string{"public", "self"} {
				plan, err := t.Plan(ctx, kind, audience)
				if err != nil {
					return err
				}
				q := question{kind, audience}
				if before, asked := first[q]; asked && !reflect.DeepEqual(before, plan) {
					return fmt.Errorf("it gave two plans for %s to %s", kind, audience)
				}
				first[q] = plan
			}
		}
	}
	return nil
}

const goldenNow = 1_790_000_000_000

// checkMatch asks two tables of the same people both ways, and again.
func checkMatch(ctx context.Context, p answerer) (err error) {
	people := goldenPeople(p.Manifest())
	var scores, scoresFor [3][]int32 // [asking][one*n+other]
	for i := range scores {
		m, err := p.Match(ctx)
		if err != nil {
			return err
		}
		for row, person := range people {
			m.Set(row, &person)
		}
		scores[i], err = everyPair(len(people), func(one int, out []int32) error { return m.Score(ctx, goldenNow, one, 0, out) })
		if err == nil {
			scoresFor[i], err = everyPair(len(people), func(one int, out []int32) error { return m.ScoreFor(ctx, goldenNow, one, 0, out) })
		}
		if err = errors.Join(err, m.Close(ctx)); err != nil {
			return err
		}
		if !slices.Equal(scores[i], scores[0]) || !slices.Equal(scoresFor[i], scoresFor[0]) {
			return errors.New("it scored the same people differently the second time")
		}
	}
	n := len(people)
	for a := range n {
		for b := range n {
			if x, y := scores[0][a*n+b], scoresFor[0][b*n+a]; x != y {
				return fmt.Errorf("%s says %s and %s says %s of the same pair", abi.SkyScore, points(x), abi.SkyScoreFor, points(y))
			}
		}
	}
	return nil
}

func points(score int32) string {
	if score == policy.Ineligible {
		return "never"
	}
	return fmt.Sprint(score)
}

func everyPair(n int, score func(one int, out []int32) error) ([]int32, error) {
	all := make([]int32, n*n)
	for one := range n {
		if err := score(one, all[one*n:][:n]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// goldenPeople are a small evening with its extremes, the same at every load.
func goldenPeople(m abi.Manifest) []policy.Person {
	people := make([]policy.Person, 24)
	for i := range people {
		n := uint64(i)
		people[i] = policy.Person{
			Gender: uint8(n % 4), Seeking: uint8(n*5%15 + 1), Age: uint8(18 + n*7%50), AgeMin: 18, AgeMax: uint8(99 - n),
			Tags: n * 0x9E3779B97F4A7C15, Langs: n*3%8 + 1, Since: goldenNow - int64(n)*45_000, Attrs: map[string]int64{},
		}
		for k, f := range m.Rows.Fields {
			if name, is := strings.CutPrefix(f.Name, abi.AttrPrefix); is {
				people[i].Attrs[name] = int64(n)*17 - int64(k)
			}
		}
	}
	people[20] = policy.Person{}
	people[21] = policy.Person{Gender: 255, Seeking: 255, Age: 255, AgeMin: 255, AgeMax: 255, Tags: math.MaxUint64, Langs: math.MaxUint64, Since: math.MaxInt64}
	people[22].Since, people[23].Since = math.MinInt64, goldenNow+3_600_000
	return people
}
