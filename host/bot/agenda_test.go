package bot

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAgendaDoesThingsInTimeAndForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAgenda(time.Now)
		defer a.timer.Stop()
		begun := time.Now()
		var did []string
		plan := func(d time.Duration, tag, name string) {
			a.in(d, tag, func() { did = append(did, name+"@"+time.Since(begun).String()) })
		}
		plan(3*time.Second, "x", "c")
		plan(time.Second, "x", "a")
		plan(time.Second, "x", "b")
		plan(2*time.Second, "gone", "never")
		a.in(time.Second, "x", func() {
			a.forget("gone")
			plan(time.Second, "x", "planned later")
		})
		for range 3 {
			<-a.timer.C
			a.due()
		}
		if got := strings.Join(did, " "); got != "a@1s b@1s planned later@2s c@3s" {
			t.Errorf("did %s", got)
		}
		if len(a.items) != 0 {
			t.Errorf("%d plans are left", len(a.items))
		}
	})
}
