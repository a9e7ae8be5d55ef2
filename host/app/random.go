package app

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/napalmsky/napalmsky/host/store"
)

// newID makes ids for people. Randomness that cannot be read is a broken
// machine: nothing sensible can go on, and the request's panic guard answers.
func newID(o Options) func() int64 {
	return func() int64 {
		id, err := store.NewID(o.Now(), o.Random)
		if err != nil {
			panic(err)
		}
		return id
	}
}

// newEpoch names this run of the server.
func newEpoch(o Options) (string, error) {
	b := make([]byte, 6)
	if _, err := io.ReadFull(o.Random, b); err != nil {
		return "", fmt.Errorf("make an epoch: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// newSeed makes the lobby's source of randomness: meeting and stream ids, which
// strangers must not guess.
func newSeed(random io.Reader) (func() uint64, error) {
	var key [32]byte
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return nil, fmt.Errorf("seed the lobby: %w", err)
	}
	return rand.NewChaCha8(key).Uint64, nil
}
