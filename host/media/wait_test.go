package media

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"testing"
	"testing/synctest"
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
