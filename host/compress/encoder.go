package compress

import (
	"bytes"
	"io"
	"runtime"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// Levels for what is written while somebody waits: past these, more time buys
// next to nothing (BenchmarkLevels).
const (
	brotliLevel  = 3 // of the V2 writer
	gzipLevel    = 5
	deflateLevel = 5
)

// encoder is what the three writers have in common.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// flusher is an encoder that can send what it has so far; brotli's V2 cannot.
type flusher interface {
	encoder
	Flush() error
}

// encoders keeps encoders, which are costly to make, and bounds how many there
// are. A whole body is coded from memory to memory, so that a place is held for
// as long as computing takes and never while a client reads.
type encoders struct {
	busy    chan struct{} // a token for each whole body being coded
	streams chan struct{} // a token for each body coded on its way out
	br      sync.Pool
	gzip    sync.Pool
	deflate sync.Pool
}

// maxStreams bounds the encoders that slow readers can hold.
const maxStreams = 16

func newEncoders() *encoders {
	e := &encoders{busy: make(chan struct{}, runtime.GOMAXPROCS(0)), streams: make(chan struct{}, maxStreams)}
	e.br.New = func() any { return brotli.NewWriterV2(io.Discard, brotliLevel) }
	e.gzip.New = func() any { return must(gzip.NewWriterLevel(io.Discard, gzipLevel)) }
	e.deflate.New = func() any { return must(zlib.NewWriterLevel(io.Discard, deflateLevel)) }
	return e
}

func must[T any](w T, err error) T {
	if err != nil {
		panic(err) // the levels are constants
	}
	return w
}

func (e *encoders) pool(c Coding) *sync.Pool {
	switch c {
	case Brotli:
		return &e.br
	case Gzip:
		return &e.gzip
	default:
		return &e.deflate
	}
}

// whole appends body, coded, to into.
func (e *encoders) whole(c Coding, body []byte, into *bytes.Buffer) error {
	e.busy <- struct{}{}
	defer func() { <-e.busy }()
	w := e.pool(c).Get().(encoder)
	defer e.put(c, w)
	w.Reset(into)
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Close()
}

// stream answers an encoder onto w, or nil if as many are in use as may be. The
// caller gives it back to done.
func (e *encoders) stream(c Coding, w io.Writer) flusher {
	select {
	case e.streams <- struct{}{}:
	default:
		return nil
	}
	f := e.pool(c).Get().(flusher)
	f.Reset(w)
	return f
}

func (e *encoders) done(c Coding, f flusher) {
	e.put(c, f)
	<-e.streams
}

// put keeps an encoder, which must not hold on to whom it wrote to.
func (e *encoders) put(c Coding, w encoder) {
	w.Reset(io.Discard)
	e.pool(c).Put(w)
}
