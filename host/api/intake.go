package api

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// errFull: as many bytes as are allowed are held already.
var errFull = errors.New("api: no room for another body")

// intakePiece is how much room a body takes at a time, in bytes.
const intakePiece = 16 << 10

// intake holds large bodies until they are worked on: one a person, and of all
// together only so many bytes. Room is taken as bytes arrive, so that whoever
// sends slowly holds little. Safe for concurrent use.
type intake struct {
	mu   sync.Mutex
	free int                    // bytes
	held map[lobby.PersonID]int // bytes, of everybody who is in
}

func newIntake(room int) *intake {
	return &intake{free: room, held: map[lobby.PersonID]int{}}
}

// enter is false while the person is in already.
func (k *intake) enter(who lobby.PersonID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, in := k.held[who]; in {
		return false
	}
	k.held[who] = 0
	return true
}

// leave gives back what the person's body took; it must not be read any more.
func (k *intake) leave(who lobby.PersonID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free += k.held[who]
	delete(k.held, who)
}

func (k *intake) take(who lobby.PersonID, n int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n > k.free {
		return false
	}
	k.free -= n
	k.held[who] += n
	return true
}

// read reads the body of a person who is in, to its end. Errors are errFull and
// the body's.
func (k *intake) read(who lobby.PersonID, body io.Reader) (io.Reader, error) {
	var pieces []io.Reader
	for {
		if !k.take(who, intakePiece) {
			return nil, errFull
		}
		piece, n := make([]byte, intakePiece), 0
		var err error
		for n < len(piece) && err == nil {
			var more int
			more, err = body.Read(piece[n:])
			n += more
		}
		pieces = append(pieces, bytes.NewReader(piece[:n]))
		if errors.Is(err, io.EOF) {
			return io.MultiReader(pieces...), nil
		} else if err != nil {
			return nil, err
		}
	}
}
