package admin

import (
	"context"
	"testing"
	"time"
)

func TestHealthIsToldToOperatorsOnly(t *testing.T) {
	since := time.Date(2026, 5, 4, 20, 0, 0, 0, time.UTC)
	h := start(t, func(o *Options) {
		o.Health = func(ctx context.Context) Health {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("a question without end")
			}
			return Health{Reasons: []string{"the database does not answer"}, Since: since, Version: "v1", Readings: []Reading{{Name: "Sockets", Value: 3, Of: 20000}}}
		}
	})
	got := into[Health](t, h.ask(t, "GET", "/admin/v1/health", nil))
	if got.Ready || len(got.Reasons) != 1 || !got.Since.Equal(since) || got.Readings[0].Of != 20000 {
		t.Errorf("health is %+v", got)
	}
}
