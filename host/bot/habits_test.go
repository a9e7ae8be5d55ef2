package bot

import (
	"testing"

	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// TestEveryDescriptionIsItsOwn: two of them alike could be swapped unseen.
func TestEveryDescriptionIsItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for from := range int64(10) {
		for call := range int64(10) {
			d := description(sdp.Offer, from, call)
			if len(d) != len(sdp.Offer) || seen[d] {
				t.Fatalf("%d in call %d says what another said, or %d bytes, of %d", from, call, len(d), len(sdp.Offer))
			}
			seen[d] = true
		}
	}
	if description("v=0", 1, 1) != "v=0" {
		t.Error("a description without a session number was changed")
	}
}
