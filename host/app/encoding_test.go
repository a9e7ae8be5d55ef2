package app_test

import (
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/load"
	"github.com/napalmsky/napalmsky/host/wire"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// TestEveningInBinary plays a short evening against the whole server. The bots
// check every frame, number and reel, and a message takes few bytes.
func TestEveningInBinary(t *testing.T) {
	h := startApp(t, nil)
	habits := bot.Workload(sdp.Offer, sdp.Answer)
	habits.OfferAfter, habits.AnswerAfter, habits.CandidateEvery = 10*time.Millisecond, 5*time.Millisecond, 10*time.Millisecond
	habits.InviteMean, habits.DropMean = 2*time.Second, 4*time.Second
	habits.AnswerMin, habits.AnswerMax = 10*time.Millisecond, 50*time.Millisecond
	habits.ChatAt = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}
	habits.EndMin, habits.EndMax = 300*time.Millisecond, 600*time.Millisecond
	report, err := load.Run(within(t, time.Minute), load.Config{
		Target: h.URL(), People: 16, Seed: 5, Habits: &habits, Client: bot.Options{Wire: wire.Binary},
		Ramp: 500 * time.Millisecond, Settle: time.Millisecond, Steady: 4 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !report.Passed() {
		t.Errorf("errors %v %q, violations %v %q", report.Errors, report.ErrorExamples, report.ViolationKinds, report.ViolationExamples)
	}
	if report.Calls < 4 {
		t.Fatalf("%d calls were no evening", report.Calls)
	}
	if s := report.Signalling; s.Pieces < 20 || s.Heard*2 > s.Said {
		t.Errorf("%d pieces of signalling took %d bytes, of %d said", s.Pieces, s.Heard, s.Said)
	}
	each := float64(report.WS.To) / float64(report.MessagesToClients)
	t.Logf("%.0f bytes a message", each)
	if each > 140 {
		t.Errorf("a message takes %.0f bytes", each)
	}
}
