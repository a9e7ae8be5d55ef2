package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

const (
	idEpoch   = 1_704_067_200_000 // 2024-01-01 UTC, ms
	idWindow  = 20                // bits of a millisecond clock that are dropped: about 17 minutes
	idEntropy = 32                // random bits below the window number
	idBits    = 53                // what a float64, and so any JSON reader, holds exactly

	tokenBytes = 32
)

// NewID makes a positive id below 2^53: the number of the 17-minute window
// that now lies in, then 32 random bits. Neighbours in time are neighbours in
// an index, yet an id does not tell when exactly it was made, and a burst of a
// thousand in one window collides once in eight thousand bursts. A store
// answers ErrConflict then; make another.
//
// random is read once, four bytes (crypto/rand.Reader in production).
func NewID(now time.Time, random io.Reader) (int64, error) {
	var b [idEntropy / 8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0, fmt.Errorf("store: new id: %w", err)
	}
	window := max(now.UnixMilli()-idEpoch, 0)>>idWindow + 1
	return (window<<idEntropy | int64(binary.BigEndian.Uint32(b[:]))) & (1<<idBits - 1), nil
}

// NewToken makes a login token, 32 random bytes in unpadded base64url (43
// characters), and the hash under which it is stored.
func NewToken(random io.Reader) (token, hash string, err error) {
	b := make([]byte, tokenBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", "", fmt.Errorf("store: new token: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, HashToken(token), nil
}

// HashToken returns the hex SHA-256 of a token, as Session.TokenHash holds it.
// Any string may be hashed; what is no token simply finds no session.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
