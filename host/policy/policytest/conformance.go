package policytest

import (
	"bytes"
	"context"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// Match plays the same evenings to two Matches of one rule, with tables set,
// changed and reused, and demands the same numbers. It owns both tables, which
// must be fresh; attrs names the product's attributes the rule asks for.
func Match(t *testing.T, a, b policy.Match, attrs ...string) {
	t.Helper()
	sameGeneration(t, a.Generation(), b.Generation())
	ctx := context.Background()
	people := personGen(attrs)
	rapid.Check(t, func(t *rapid.T) {
		room := rapid.SampledFrom([]int{3, 40, 300, 2500}).Draw(t, "room")
		row := rapid.IntRange(0, room-1)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "many") {
					r, p := row.Draw(t, "row"), people.Draw(t, "person")
					a.Set(r, &p)
					b.Set(r, &p)
				}
			},
			"score": func(t *rapid.T) {
				now := nowGen().Draw(t, "now")
				one, first := row.Draw(t, "one"), row.Draw(t, "first")
				n := rapid.SampledFrom([]int{0, 1, 7, 64, policy.MaxRowsPerCall}).Draw(t, "n")
				got, want := make([]int32, n), make([]int32, n)
				for name, ask := range map[string]func(policy.Match, []int32) error{
					"Score":    func(m policy.Match, out []int32) error { return m.Score(ctx, now, one, first, out) },
					"ScoreFor": func(m policy.Match, out []int32) error { return m.ScoreFor(ctx, now, one, first, out) },
				} {
					if err := ask(a, want); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if err := ask(b, got); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if i := differ(got, want); i >= 0 {
						t.Fatalf("%s(now %d, %d, row %d): %d and %d", name, now, one, first+i, want[i], got[i])
					}
					if i := one - first; i >= 0 && i < n && got[i] != policy.Ineligible {
						t.Fatalf("%s: a person is offered to themselves", name)
					}
				}
			},
		})
	})
}

func differ(a, b []int32) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// Cooldown puts every kind of case before both rules.
func Cooldown(t *testing.T, a, b policy.Cooldown) {
	t.Helper()
	sameGeneration(t, a.Generation(), b.Generation())
	for _, c := range Cases() {
		want, errA := a.Decide(context.Background(), c)
		got, errB := b.Decide(context.Background(), c)
		if errA != nil || errB != nil || got != want {
			t.Fatalf("%+v: %d (%v) and %d (%v)", c, want, errA, got, errB)
		}
	}
}

// Cases is a grid over all a case can say, its edges and nonsense included.
func Cases() []lobby.Case {
	var all []lobby.Case
	numbers := []int64{0, 1, 14, 15, 16, 300, 1800, math.MaxUint32, math.MaxInt64, -1, math.MinInt64}
	for _, what := range []string{"call", "declined", "rescinded", "", "another"} {
		for _, how := range []string{"", "hangup", "clock", "lost", "left", "blocked", "another"} {
			for _, reported := range []bool{false, true} {
				for by := int64(0); by <= 2; by++ {
					for _, n := range numbers {
						all = append(all,
							lobby.Case{What: what, How: how, Reported: reported, EndedBy: by, Asked: 300, Talked: n, Met: 1},
							lobby.Case{What: what, How: how, Reported: reported, EndedBy: by, Asked: n, Talked: 300, Met: 1},
							lobby.Case{What: what, How: how, Reported: reported, EndedBy: by, Asked: 300, Talked: 300, Met: n})
					}
				}
			}
		}
	}
	return all
}

// Trim asks both rules for plans, of kinds they know and of others.
func Trim(t *testing.T, a, b policy.Trim) {
	t.Helper()
	sameGeneration(t, a.Generation(), b.Generation())
	for _, kind := range []string{"card", "presence", "reel", "", `"quoted"\`, "日本"} {
		for _, audience := range []string{"public", "self", "", "no one at all"} {
			want, errA := a.Plan(context.Background(), kind, audience)
			got, errB := b.Plan(context.Background(), kind, audience)
			if errA != nil || errB != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%q for %q: %+v (%v) and %+v (%v)", kind, audience, want, errA, got, errB)
			}
		}
	}
}

// Signalling puts descriptions, candidates and nonsense before both rules; they
// must answer byte for byte alike.
func Signalling(t *testing.T, a, b policy.Signalling) {
	t.Helper()
	sameGeneration(t, a.Generation(), b.Generation())
	for _, piece := range Signals() {
		for _, kind := range []string{"offer", "answer", "candidate", "of another kind"} {
			want, errA := a.Trim(context.Background(), kind, []byte(piece))
			got, errB := b.Trim(context.Background(), kind, []byte(piece))
			if errA != nil || errB != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s %.80q: %.200q (%v) and %.200q (%v)", kind, piece, want, errA, got, errB)
			}
		}
	}
}

// Signals are what browsers send, and what somebody may send instead.
func Signals() []string {
	const candidate = `{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host generation 0 ufrag abcd network-cost 999","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}`
	all := []string{
		sdp.Offer, sdp.Answer, candidate, "x", "m=audio", "m=video 9 x 1\nm=audio \n", "{}", `{"candidate":"`, "\x00", "日本\r\nm=日本 9 x 1\r\na=mid:日\r\n",
		strings.Repeat("m=audio 9 x 111\r\na=mid:1\r\na=rtcp:9\r\n", 30), strings.Repeat("a=rtcp:9\r\n", abi.MaxSignal/10),
	}
	for at := 0; at < len(sdp.Offer); at += 397 {
		all = append(all, sdp.Offer[:at+1], sdp.Offer[at:], sdp.Answer[:at/2]+sdp.Offer[at:])
	}
	for at := range len(candidate) {
		all = append(all, candidate[:at+1], candidate[at:])
	}
	return all
}

func sameGeneration(t *testing.T, a, b policy.Generation) {
	t.Helper()
	if a.Name != b.Name || a.Params != b.Params || a.Digest == b.Digest {
		t.Fatalf("generations %+v and %+v", a, b)
	}
}

// personGen draws people as they are, and as they could be at worst.
func personGen(attrs []string) *rapid.Generator[policy.Person] {
	return rapid.Custom(func(t *rapid.T) policy.Person {
		p := policy.Person{
			Gender:  rapid.SampledFrom([]uint8{0, 1, 2, 7, 8, 255}).Draw(t, "gender"),
			Seeking: rapid.SampledFrom([]uint8{0, 1, 2, 3, 7, 255}).Draw(t, "seeking"),
			Age:     rapid.Uint8Range(18, 60).Draw(t, "age"),
			AgeMin:  rapid.SampledFrom([]uint8{0, 18, 25, 255}).Draw(t, "age_min"),
			AgeMax:  rapid.SampledFrom([]uint8{0, 30, 60, 99, 255}).Draw(t, "age_max"),
			Tags:    rapid.Uint64().Draw(t, "tags"),
			Langs:   rapid.Uint64().Draw(t, "langs"),
			Since:   nowGen().Draw(t, "since"),
			Attrs:   map[string]int64{},
		}
		for _, a := range attrs {
			if rapid.Bool().Draw(t, "has") {
				p.Attrs[a] = rapid.Int64().Draw(t, a)
			}
		}
		return p
	})
}

func nowGen() *rapid.Generator[int64] {
	const evening = 1_790_000_000_000
	return rapid.OneOf(rapid.Int64Range(evening, evening+3_600_000),
		rapid.SampledFrom([]int64{0, -1, math.MinInt64, math.MaxInt64}))
}
