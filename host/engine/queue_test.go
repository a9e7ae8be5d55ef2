package engine

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestLazyWorkWaitsForCompany: alone it waits its time; with what may not wait
// it goes at once, in its place.
func TestLazyWorkWaitsForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue[int]
		q.init()
		began := time.Now()
		take := func(want time.Duration, all ...int) {
			t.Helper()
			if got := q.takeAll(10); !slices.Equal(got, all) || time.Since(began) != want {
				t.Errorf("after %s took %v, want %v after %s", time.Since(began), got, all, want)
			}
		}
		q.putLazily(1, time.Second)
		q.putLazily(2, time.Second)
		take(time.Second, 1, 2)
		q.putLazily(3, time.Second)
		q.put(4)
		q.putLazily(5, time.Second)
		take(time.Second, 3, 4, 5)
		q.putLazily(6, time.Second)
		q.close()
		take(time.Second, 6)
		take(time.Second)
	})
}
