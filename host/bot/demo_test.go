package bot

import (
	"testing"
	"time"
)

// TestADemoPersonSaysGoodbyeFirst: nobody is hung up on without a word.
func TestADemoPersonSaysGoodbyeFirst(t *testing.T) {
	now := time.Unix(1000, 0)
	for i := range 20 {
		e := &Evening{Rand: Rand(1, i), agenda: newAgenda(func() time.Time { return now })}
		(&crowd{}).Greet(e, 7)
		last := e.agenda.items
		if n := len(last); n < 2 || last[n-1].at.Sub(last[n-2].at) != demoGoodbye {
			t.Errorf("the last two intentions of %d: %v", n, last)
		}
		e.agenda.timer.Stop()
	}
}

func TestTheWholeCrowdRingsAHumanRarely(t *testing.T) {
	now := time.Unix(1000, 0)
	d := &crowd{client: &Client{Now: func() time.Time { return now }}, bots: map[int64]bool{1: true, 2: true}, rung: map[int64]time.Time{}}
	e := &Evening{Rand: Rand(1, 1)}
	rung, bots := 0, 0
	for range 1000 { // invites, one a second
		if id, ok := d.Choose(e, []int64{1, 2, 77}); ok && id == 77 {
			rung++
		} else if ok {
			bots++
		}
		now = now.Add(time.Second)
	}
	if limit := 1000/int(demoRingPause.Seconds()) + 1; rung < 2 || rung > limit || rung+bots != 1000 {
		t.Errorf("the human was rung %d times, at most %d are polite; %d bots", rung, limit, bots)
	}
	if _, ok := d.Choose(e, []int64{77}); ok {
		t.Error("a human is rung for want of bots, right after another ring")
	}
}
