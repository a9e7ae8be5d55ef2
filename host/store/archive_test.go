package store

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
)

func TestChunksComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, ChunkCalls).Draw(t, "calls")
		calls := make([]ArchivedCall, n)
		number := rapid.Int64Range(0, 1<<62)
		for i := range calls {
			calls[i] = ArchivedCall{
				ID: lobby.CallID(number.Draw(t, "id")), Lobby: "main", Caller: lobby.PersonID(number.Draw(t, "caller")), Callee: lobby.PersonID(number.Draw(t, "callee")),
				Seconds: number.Draw(t, "seconds"), StartedAt: number.Draw(t, "start"), Deadline: number.Draw(t, "deadline"), CooldownUntil: number.Draw(t, "until"),
				EndedAt: number.Draw(t, "end"), Reason: rapid.String().Draw(t, "reason"), EndedBy: lobby.PersonID(number.Draw(t, "by")),
			}
		}
		text, err := EncodeChunk(calls)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeChunk(text)
		if err != nil || !slices.Equal(got, calls) {
			t.Fatalf("%+v came back as %+v, %v", calls, got, err)
		}
	})
}

func TestAFullChunkIsSmall(t *testing.T) {
	var calls []ArchivedCall
	for i := range int64(ChunkCalls) {
		start := 1_760_000_000_000 + i*90_000
		calls = append(calls, ArchivedCall{ID: lobby.CallID(8_112_345_678_901_234 + i*7_777_777_777), Lobby: "main", Caller: 4_503_599_627_370_496, Callee: lobby.PersonID(5_112_345_678_901_234 - i*9_999_999_999),
			Seconds: 300, StartedAt: start, Deadline: start + 300_000, CooldownUntil: start + 86_400_000, EndedAt: start + 20_000, Reason: "hangup", EndedBy: 4_503_599_627_370_496})
	}
	text, err := EncodeChunk(calls)
	if err != nil {
		t.Fatal(err)
	}
	if each := len(text) / ChunkCalls; each > 60 {
		t.Errorf("%d bytes for each call", each)
	}
}

func FuzzDecodeChunk(f *testing.F) {
	text, err := EncodeChunk([]ArchivedCall{{ID: 1, Lobby: "main", Reason: "hangup"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("")
	f.Add("7Z0HgFxV9f9/b9+UvTOz")
	f.Fuzz(func(t *testing.T, text string) {
		calls, err := DecodeChunk(text)
		if err != nil {
			if !errors.Is(err, ErrArchive) {
				t.Fatal(err)
			}
			return
		}
		again, err := EncodeChunk(calls)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeChunk(again); err != nil || !slices.Equal(back, calls) {
			t.Fatalf("%+v, %v", back, err)
		}
	})
}
