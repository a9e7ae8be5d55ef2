package compress

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/andybalholm/brotli"
)

// variants are what is made of a file beforehand. Deflate is left to Handler:
// whoever takes it takes gzip.
var variants = []struct {
	coding Coding
	ending string
	open   func(io.Writer) io.WriteCloser
}{
	{Brotli, "br", func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, brotli.BestCompression) }},
	{Gzip, "gz", func(w io.Writer) io.WriteCloser { return must(gzip.NewWriterLevel(w, gzip.BestCompression)) }},
}

// variantName holds the hash of the plain bytes, so that a variant is never
// served for a file that was built anew since.
func variantName(name, hash, ending string) string { return name + "." + hash + "." + ending }

var isVariant = regexp.MustCompile(`\.[0-9a-f]{16}\.(br|gz)$`)

// Precompress writes the variants of every file in dir beside it, and removes
// those of earlier builds. A variant that saves nothing is not kept.
func Precompress(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if err == nil && isVariant.MatchString(e.Name()) {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	for _, e := range entries {
		if err == nil && e.Type().IsRegular() && !isVariant.MatchString(e.Name()) {
			err = precompress(filepath.Join(dir, e.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("precompress: %w", err)
	}
	return nil
}

func precompress(path string) error {
	body, err := os.ReadFile(path)
	if err != nil || len(body) < MinBytes {
		return err
	}
	hash := NewFile(body, "").Hash
	for _, v := range variants {
		var out bytes.Buffer
		w := v.open(&out)
		if _, err := w.Write(body); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if out.Len() >= len(body) {
			continue
		}
		if err := os.WriteFile(variantName(path, hash, v.ending), out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
