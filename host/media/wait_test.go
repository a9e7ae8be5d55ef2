package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"testing"
	"testing/synctest"
	"time"
)

// While others decode, a Put waits for its turn, and its caller may give up.
func TestDecodingIsBounded(t *testing.T) {
	s, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if err := png.Encode(&raw, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	if !s.pixels.TryAcquire(maxPixels) {
		t.Fatal("not idle")
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := s.Put(ctx, bytes.NewReader(raw.Bytes()))
			done <- err
		}()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
	s.pixels.Release(maxPixels)
	if _, err := s.Put(t.Context(), bytes.NewReader(raw.Bytes())); err != nil {
		t.Fatal(err)
	}
	if !s.pixels.TryAcquire(maxPixels) {
		t.Fatal("a turn was not given back")
	}
}

// Whatever gets past the limits, its decoding ends with its request, and ends.
func TestDecodingEnds(t *testing.T) {
	var raw bytes.Buffer
	if err := png.Encode(&raw, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		most time.Duration
		want error
	}{
		"the request is gone": {gone, maxDecode, context.Canceled},
		"it takes too long":   {t.Context(), 0, ErrTooBig},
		"in time":             {t.Context(), maxDecode, nil},
	} {
		if _, _, err := decode(c.ctx, raw.Bytes(), c.most); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	// Also in the midst of it: a decoder gets no more than a small piece at once.
	ctx, cancel := context.WithCancel(t.Context())
	large := attended{ctx, bytes.NewReader(make([]byte, 1<<20))}
	if n, err := large.Read(make([]byte, 1<<20)); err != nil || n < 1 || n > 4096 {
		t.Fatalf("read %d, %v", n, err)
	}
	cancel()
	if n, err := large.Read(make([]byte, 1<<20)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Fatalf("read %d, %v", n, err)
	}
}
