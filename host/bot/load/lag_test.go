package load

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTheGeneratorKnowsHowLateItIs(t *testing.T) {
	l := &lag{now: time.Now}
	at := time.Unix(0, 0)
	for range 99 {
		l.woke(at, at.Add(100*time.Microsecond))
	}
	l.woke(at, at.Add(40*time.Millisecond))
	q := l.quantiles()
	if q.Count != 100 || *q.Max != 40 || *q.P50 > 0.11 {
		t.Errorf("%+v of 99 at 0.1 ms and one at 40", q)
	}
}

func TestLagIsMeasuredAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lag{now: time.Now}
		ctx, cancel := contextFor(t, 2*time.Second)
		defer cancel()
		l.watch(ctx)
		if q := l.quantiles(); q.Count < 199 || *q.Max != 0 {
			t.Errorf("%+v after two seconds in which nothing was late", q)
		}
	})
}
