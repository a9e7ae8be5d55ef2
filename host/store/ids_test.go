package store_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/store"
)

func TestIDsAreSafeIntegersInTheOrderOfTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(1_704_067_200_000, 3_900_000_000_000).Draw(rt, "ms"))
		later := at.Add(time.Duration(rapid.Int64Range(18, 1_000_000).Draw(rt, "minutes")) * time.Minute)
		x, err := store.NewID(at, rand.Reader)
		if err != nil || x <= 0 || x >= 1<<53 || int64(float64(x)) != x {
			rt.Fatalf("id %d, %v", x, err)
		}
		if y, _ := store.NewID(later, rand.Reader); later.UnixMilli() < 3_900_000_000_000 && y <= x {
			rt.Fatalf("id %d at %v, then %d at %v", x, at, y, later)
		}
	})
	for _, odd := range []time.Time{{}, time.UnixMilli(0), time.Unix(1<<40, 0)} {
		if id, err := store.NewID(odd, rand.Reader); err != nil || id <= 0 || id >= 1<<53 {
			t.Errorf("id %d at %v, %v", id, odd, err)
		}
	}
}

func TestIDsOfOneMomentDiffer(t *testing.T) {
	seen := map[int64]bool{}
	for range 1000 {
		id, err := store.NewID(time.UnixMilli(1_900_000_000_000), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		seen[id] = true
	}
	if len(seen) < 999 {
		t.Fatalf("%d different ids of 1000", len(seen))
	}
}

func TestTokens(t *testing.T) {
	token, hash, err := store.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		t.Fatalf("token %q, %v", token, err)
	}
	sum := sha256.Sum256([]byte(token))
	if hash != hex.EncodeToString(sum[:]) || hash != store.HashToken(token) {
		t.Fatalf("hash %q", hash)
	}
	if other, _, _ := store.NewToken(rand.Reader); other == token {
		t.Fatal("two equal tokens")
	}
}

func TestNoRandomnessNoSecret(t *testing.T) {
	if token, hash, err := store.NewToken(bytes.NewReader(make([]byte, 31))); err == nil || token != "" || hash != "" {
		t.Fatalf("token %q, %v", token, err)
	}
	if id, err := store.NewID(time.Now(), bytes.NewReader(nil)); err == nil || id != 0 {
		t.Fatalf("id %d, %v", id, err)
	}
}
