package store

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// ArchivedCall is a whole row of a finished call, as the archive keeps it.
type ArchivedCall struct {
	ID             lobby.CallID
	Lobby          string
	Caller, Callee lobby.PersonID
	Seconds        int64
	StartedAt      int64 // ms
	Deadline       int64 // ms
	CooldownUntil  int64 // ms, the provisional one
	EndedAt        int64 // ms
	Reason         string
	EndedBy        lobby.PersonID
}

// ChunkCalls is how many calls one row of the archive holds at most. The more,
// the better they compress, and the more is read for one page of a history.
const ChunkCalls = 64

// maxChunk bounds an inflated chunk, in bytes: a damaged one must not fill the memory.
const maxChunk = 256 << 10

// ErrArchive: a row of the archive is not what was written.
var ErrArchive = errors.New("archive damaged")

// MarshalJSON writes an array: names would be repeated in every row.
func (c ArchivedCall) MarshalJSON() ([]byte, error) {
	return json.Marshal([11]any{c.ID, c.Lobby, c.Caller, c.Callee, c.Seconds, c.StartedAt, c.Deadline, c.CooldownUntil, c.EndedAt, c.Reason, c.EndedBy})
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing else.
func (c *ArchivedCall) UnmarshalJSON(data []byte) error {
	fields := []any{&c.ID, &c.Lobby, &c.Caller, &c.Callee, &c.Seconds, &c.StartedAt, &c.Deadline, &c.CooldownUntil, &c.EndedAt, &c.Reason, &c.EndedBy}
	want := len(fields)
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	if len(fields) != want {
		return fmt.Errorf("%d fields, want %d", len(fields), want)
	}
	return nil
}

// EncodeChunk makes the text of one archive row.
func EncodeChunk(calls []ArchivedCall) (string, error) {
	plain, err := json.Marshal(calls)
	if err != nil {
		return "", fmt.Errorf("store: archive: %w", err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", fmt.Errorf("store: archive: %w", err)
	}
	return base64.RawStdEncoding.EncodeToString(packed.Bytes()), nil
}

// DecodeChunk reads it back. ErrArchive.
func DecodeChunk(text string) ([]ArchivedCall, error) {
	packed, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrArchive, err)
	}
	r := flate.NewReader(bytes.NewReader(packed))
	plain, err := io.ReadAll(io.LimitReader(r, maxChunk+1))
	if err == nil && len(plain) > maxChunk {
		err = errors.New("too long")
	}
	var calls []ArchivedCall
	if err == nil {
		err = json.Unmarshal(plain, &calls)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrArchive, err)
	}
	return calls, nil
}
