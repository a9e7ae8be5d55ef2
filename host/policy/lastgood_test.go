package policy_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy"
)

// moody answers while it can.
type moody struct{ err error }

func (m *moody) Generation() policy.Generation { return policy.Generation{Name: "moody@1"} }

func (m *moody) Plan(_ context.Context, kind, audience string) (policy.Plan, error) {
	if m.err != nil {
		return policy.Plan{}, m.err
	}
	return policy.Plan{Drop: []string{kind, audience}}, nil
}

func TestLastGood(t *testing.T) {
	inner := &moody{}
	failures := 0
	trim := policy.LastGood(inner, func(kind, audience string, err error) { failures++ })
	ask := func(kind string) policy.Plan {
		t.Helper()
		p, err := trim.Plan(context.Background(), kind, "public")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := ask("card")
	inner.err = errors.New("trapped")
	if got := ask("card"); !reflect.DeepEqual(got, good) {
		t.Errorf("while it fails: %+v", got)
	}
	if got := ask("presence"); !reflect.DeepEqual(got, policy.Plan{}) {
		t.Errorf("never answered: %+v", got)
	}
	if failures != 2 || trim.Generation().Name != "moody@1" {
		t.Error(failures)
	}
}
