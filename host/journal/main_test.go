package journal

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func header() Header {
	return Header{Format: Format, Lobby: "main", Epoch: "e1", Started: 1_790_000_000_000,
		Rules: lobby.DefaultRules(), Reel: reel.Config{}.WithDefaults()}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// reference is the rule that evenings are recorded with.
func reference(context.Context) (policy.Match, error) {
	return native.Match(matchmutual.Plugin, nil, 1)
}

// changed is the reference rule with every score put through f.
func changed(f func(int32) int32) Ranker {
	return func(ctx context.Context) (policy.Match, error) {
		m, err := reference(ctx)
		return otherRule{m, f}, err
	}
}

type otherRule struct {
	policy.Match
	f func(int32) int32
}

func (m otherRule) Generation() policy.Generation {
	return policy.Generation{Name: "other@1", Digest: "other", Params: 1}
}

func (m otherRule) Score(ctx context.Context, now int64, viewer, first int, out []int32) error {
	err := m.Match.Score(ctx, now, viewer, first, out)
	m.change(out)
	return err
}

func (m otherRule) ScoreFor(ctx context.Context, now int64, candidate, first int, out []int32) error {
	err := m.Match.ScoreFor(ctx, now, candidate, first, out)
	m.change(out)
	return err
}

func (m otherRule) change(out []int32) {
	for i, s := range out {
		if s != policy.Ineligible {
			out[i] = m.f(s)
		}
	}
}

// verify fails unless the journal can be read and is of its format.
func verify(t testing.TB, file []byte) Report {
	t.Helper()
	r, err := Verify(t.Context(), bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// text is all that a journal says.
func text(t testing.TB, file []byte) string {
	t.Helper()
	r := flate.NewReader(&payloads{r: bytes.NewReader(file[len(magic):])})
	b, err := io.ReadAll(r)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return string(b)
}

// record writes records to a journal in memory.
func record(t testing.TB, h Header, records ...Record) []byte {
	t.Helper()
	var b bytes.Buffer
	e, err := newEncoder(&b, 1<<30, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := e.add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func clockAt(ms *int64) func() time.Time { return func() time.Time { return time.UnixMilli(*ms) } }
