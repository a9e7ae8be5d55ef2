package compress

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// page is JSON such as the API answers: the same keys again and again, between
// numbers and hashes that nobody can guess.
func page(rows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := []byte(`{"calls":[`)
	for i := range rows {
		b = fmt.Appendf(b, `{"call":"%d","other":"%d","other_name":"Person %d","other_photo":"%016x%016x","caller":%t,"seconds":300,"talked":%d,"started_at":%d,"ended_at":%d,"reason":"hangup","cooldown_until":%d},`,
			r.Int64(), r.Int64(), i, r.Uint64(), r.Uint64(), i%2 == 0, r.IntN(300), 1_760_000_000_000+r.IntN(1e8), 1_760_000_000_000+r.IntN(1e8), 1_760_086_400_000+r.IntN(1e8))
	}
	return append(b, `{}]}`...)
}

// BenchmarkLevels is what the levels were chosen by.
func BenchmarkLevels(b *testing.B) {
	for _, rows := range []int{5, 30, 130} {
		body := page(rows)
		for name, w := range map[string]encoder{
			"br-v2-2": brotli.NewWriterV2(io.Discard, 2), "br-v2-3": brotli.NewWriterV2(io.Discard, 3), "br-v2-5": brotli.NewWriterV2(io.Discard, 5),
			"br-4": brotli.NewWriterLevel(io.Discard, 4), "br-5": brotli.NewWriterLevel(io.Discard, 5),
			"gzip-5": must(gzip.NewWriterLevel(io.Discard, 5)), "gzip-6": must(gzip.NewWriterLevel(io.Discard, 6)),
		} {
			b.Run(fmt.Sprintf("%dKB/%s", len(body)/1000, name), func(b *testing.B) {
				b.ReportAllocs()
				var out bytes.Buffer
				for b.Loop() {
					out.Reset()
					w.Reset(&out)
					if _, err := w.Write(body); err != nil {
						b.Fatal(err)
					}
					if err := w.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(out.Len()), "coded-B")
			})
		}
	}
}

// BenchmarkHandler is a whole answer, from the handler's first byte to the last.
func BenchmarkHandler(b *testing.B) {
	h := Handler(says(string(page(20))))
	for _, coding := range []string{"identity", "br", "gzip", "deflate"} {
		b.Run(coding, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ask(h, "GET", "Accept-Encoding", coding)
			}
		})
	}
}
