// Package password hashes what people log in with: argon2id (RFC 9106), a few
// at a time. Each hash takes tens of milliseconds of a core and megabytes of
// memory, so that a crowd of logins must wait, and a mob be turned away.
package password

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
)

// ErrBusy: as many wait as may; nothing was computed, try again.
var ErrBusy = errors.New("too many passwords at once")

// Cost is argon2id's price of one hash.
type Cost struct {
	Passes  uint32
	KiB     uint32
	Threads uint8
}

// Standard is OWASP's second choice for argon2id: 19 MiB, two passes, one thread.
var Standard = Cost{Passes: 2, KiB: 19 << 10, Threads: 1}

const (
	saltBytes = 16
	keyBytes  = 32
)

// fixedSalt: Fingerprint must find the same text again.
var fixedSalt = []byte("napalmsky/departed/1")

// Hasher is safe for concurrent use.
type Hasher struct {
	cost   Cost
	random io.Reader
	line   chan struct{} // one place for each caller, those who wait included
	slots  chan struct{} // one for each that computes
}

// New hashes atOnce (at least 1) at a time while at most queued others wait.
// random gives salts (crypto/rand.Reader in production).
func New(atOnce, queued int, cost Cost, random io.Reader) *Hasher {
	atOnce = max(atOnce, 1)
	return &Hasher{
		cost: cost, random: random,
		line: make(chan struct{}, atOnce+max(queued, 0)), slots: make(chan struct{}, atOnce),
	}
}

// Hash answers a PHC string with a fresh salt. ErrBusy; ctx's error while it waits.
func (h *Hasher) Hash(ctx context.Context, password string) (phc string, err error) {
	p := stored{cost: h.cost, salt: make([]byte, saltBytes)}
	if _, err := io.ReadFull(h.random, p.salt); err != nil {
		return "", fmt.Errorf("password: salt: %w", err)
	}
	if p.key, err = h.compute(ctx, password, p.salt, p.cost, keyBytes); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify says whether a password is the one that phc was made of. An empty phc
// is nobody's: it takes as long and is never right. Errors as for Hash, and for
// a phc that cannot be read.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (bool, error) {
	if phc == "" {
		_, err := h.compute(ctx, password, fixedSalt, h.cost, keyBytes)
		return false, err
	}
	p, err := parse(phc)
	if err != nil {
		return false, err
	}
	got, err := h.compute(ctx, password, p.salt, p.cost, uint32(len(p.key)))
	return err == nil && subtle.ConstantTimeCompare(got, p.key) == 1, err
}

// Fingerprint is a slow hash without a salt of its own, 64 hex digits: equal for
// equal texts, and dear to guess from. Errors as for Hash.
func (h *Hasher) Fingerprint(ctx context.Context, text string) (string, error) {
	key, err := h.compute(ctx, text, fixedSalt, Standard.orLess(h.cost), keyBytes)
	return hex.EncodeToString(key), err
}

// orLess: the fingerprint must not change with the configuration, but tests are
// spared its price.
func (c Cost) orLess(d Cost) Cost {
	if d.KiB < c.KiB {
		return d
	}
	return c
}

func (h *Hasher) compute(ctx context.Context, text string, salt []byte, c Cost, size uint32) ([]byte, error) {
	select {
	case h.line <- struct{}{}:
		defer func() { <-h.line }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("password: waiting: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(text), salt, c.Passes, c.KiB, c.Threads, size), nil
}
