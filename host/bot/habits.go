package bot

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Habits are how somebody spends an evening. A mean of zero means never.
type Habits struct {
	InviteMean  time.Duration // between invites, while free; exponential
	InviteLeast time.Duration // between invites, on top of it: nobody invites twice in a moment
	Seconds     int           // asked for, and agreed to
	AnswerMin   time.Duration // how long an invited person thinks
	AnswerMax   time.Duration
	Accept      float64       // share of invites that are accepted
	Patience    time.Duration // then the caller gives up

	Offer          string        // SDP; empty: no signalling at all
	Answer         string        // SDP
	OfferAfter     time.Duration // from the start of the call
	AnswerAfter    time.Duration // from the offer's arrival
	Candidates     int           // each way
	CandidateEvery time.Duration
	ChatAt         []time.Duration // the two say these lines in turn, the caller first
	EndMin, EndMax time.Duration   // when the caller hangs up

	DropMean time.Duration // between lost connections, while free; exponential
	CutMean  time.Duration // the same whatever one is doing, in a call too
	BackMin  time.Duration // how long until they are back
	BackMax  time.Duration
}

// Workload are the habits of the workload page. Offer and answer are the SDP
// of a real browser.
func Workload(offer, answer string) Habits {
	return Habits{
		InviteMean: 60 * time.Second, Seconds: 300,
		AnswerMin: time.Second, AnswerMax: 3 * time.Second, Accept: 0.7, Patience: 20 * time.Second,
		Offer: offer, Answer: answer, OfferAfter: 200 * time.Millisecond, AnswerAfter: 50 * time.Millisecond,
		Candidates: 10, CandidateEvery: 100 * time.Millisecond,
		ChatAt: []time.Duration{3 * time.Second, 6 * time.Second, 9 * time.Second, 12 * time.Second, 15 * time.Second},
		EndMin: 18 * time.Second, EndMax: 22 * time.Second,
		DropMean: 20 * time.Minute, BackMin: 500 * time.Millisecond, BackMax: 1500 * time.Millisecond,
	}
}

func exponential(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(mean))
}

func between(r *rand.Rand, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(r.Float64()*float64(hi-lo))
}

// line is a chat line of about 50 bytes that nobody else ever says.
func line(from int64, call int64, n int) string {
	return fmt.Sprintf("So, number %d: where were you last summer? (%d/%d)", n+1, from%100_000, call%100_000)
}

// description is SDP with a session number of its own, as every browser's has:
// no two are alike. What has none stays as it is.
func description(sdp string, from, call int64) string {
	const origin = "\r\no=- "
	head, rest, found := strings.Cut(sdp, origin)
	if !found {
		return sdp
	}
	_, rest, _ = strings.Cut(rest, " ")
	return fmt.Sprintf("%s%s%019d %s", head, origin, rand.NewPCG(uint64(from), uint64(call)).Uint64()>>1, rest)
}

// candidate is a trickled ICE candidate of about 270 bytes, as a browser sends it.
func candidate(r *rand.Rand, n int) string {
	kind, via := "host", ""
	if n >= 5 {
		kind, via = "srflx", fmt.Sprintf(" raddr 192.168.%d.%d rport %d", r.IntN(256), 1+r.IntN(254), 1024+r.IntN(60_000))
	}
	ufrag := string([]byte{letter(r), letter(r), letter(r), letter(r)})
	text := fmt.Sprintf("candidate:%d 1 udp %d 203.0.113.%d %d typ %s%s generation 0 ufrag %s network-id %d network-cost 10",
		r.Uint32(), 1677729535+r.Uint32N(1<<28), 1+r.IntN(254), 1024+r.IntN(60_000), kind, via, ufrag, 1+r.IntN(3))
	text += strings.Repeat(" ", max(0, 195-len(text))) // a browser's extensions differ in length; the page says 270 in all
	return fmt.Sprintf(`{"candidate":%q,"sdpMid":"%d","sdpMLineIndex":%d,"usernameFragment":%q}`, text, n%2, n%2, ufrag)
}

func letter(r *rand.Rand) byte { return byte('a' + r.IntN(26)) }
