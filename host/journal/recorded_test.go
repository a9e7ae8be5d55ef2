package journal

import (
	"testing"
)

// TestTheRecordedEvening: 200 people, as a real server recorded them. If a
// change of the lobby is meant to have other effects, record it anew:
// testdata/evenings/README.md says how.
func TestTheRecordedEvening(t *testing.T) {
	file := read(t, "../../testdata/evenings/200.journal")
	r := verify(t, file)
	if !r.OK() {
		t.Fatalf("%+v\nfirst difference: %+v", r, r.First)
	}
	if r.Rows < 200 || r.Steps < 2000 || r.Shown < 1000 || r.Events["accept"] < 40 || r.Events["chat"] < 100 || r.Lost != (Gap{}) || r.Ending != "in good order" {
		t.Errorf("this was no evening: %+v", r)
	}

	same := compare(t, file, reference, 0)
	if same.Overlap < 0.97 || same.OverlapWorst < 0.9 || same.Viewers != 200 || same.Invites < 60 {
		t.Errorf("the rule it was recorded with: %.3f in common, %.3f of the worst tenth", same.Overlap, same.OverlapWorst)
	}
	inverted := compare(t, file, changed(func(s int32) int32 { return -s }), 0)
	if inverted.Overlap > 0.6 || inverted.OtherSide.Score <= inverted.RecordedSide.Score || inverted.OtherSide.Tags >= inverted.RecordedSide.Tags {
		t.Errorf("the rule upside down: %.3f in common; scores %.1f and %.1f, tags %.2f and %.2f", inverted.Overlap,
			inverted.RecordedSide.Score, inverted.OtherSide.Score, inverted.RecordedSide.Tags, inverted.OtherSide.Tags)
	}
	if inverted.OtherSide.Eligible != 1 || inverted.OtherSide.Repeats > same.OtherSide.Repeats+0.01 {
		t.Errorf("%+v", inverted.OtherSide)
	}
}
