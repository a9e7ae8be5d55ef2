package compress

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// File is a static file in every coding that the build made of it. Immutable.
type File struct {
	Hash string // of the plain bytes, 16 hex digits; the ETag

	mime     string
	body     []byte
	variants map[Coding][]byte
	offered  []Coding
}

// NewFile is a file that has no variants.
func NewFile(body []byte, mime string) *File {
	sum := sha256.Sum256(body)
	return &File{Hash: hex.EncodeToString(sum[:8]), mime: mime, body: body, variants: map[Coding][]byte{}}
}

// ReadFile reads a file and, beside it, the variants that Precompress made of
// these very bytes. A folder that was not precompressed, or only before the
// file was built again, gives a File without: Handler then codes it as it is sent.
func ReadFile(files fs.FS, name, mime string) (*File, error) {
	body, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	f := NewFile(body, mime)
	for _, v := range variants {
		coded, err := fs.ReadFile(files, variantName(name, f.Hash, v.ending))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		f.variants[v.coding] = coded
		f.offered = append(f.offered, v.coding)
	}
	return f, nil
}

// Bytes is the plain file. Read only.
func (f *File) Bytes() []byte { return f.body }

// ETag names the plain bytes.
func (f *File) ETag() string { return `"` + f.Hash + `"` }

// ServeHTTP answers GET and HEAD, If-None-Match and ranges. A range is always of
// the plain bytes. It sets Content-Type, ETag and Vary; other headers are the caller's.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.mime)
	c := Identity
	if r.Header.Get("Range") == "" {
		c = ParseAccept(r.Header).Best(f.offered...)
	}
	vary(h)
	h.Set("ETag", f.ETag())
	if f.unchanged(r) {
		keepTag(h, strings.Join(r.Header.Values("If-None-Match"), ","))
		h.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if c == Identity {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
		return
	}
	body := f.variants[c]
	h.Set("ETag", mark(f.ETag(), c))
	h.Set("Content-Encoding", string(c))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a browser that went away needs no error
	}
}

// unchanged compares weakly, and takes every coding's tag for the same file.
func (f *File) unchanged(r *http.Request) bool {
	for _, line := range r.Header.Values("If-None-Match") {
		for _, t := range tags(line) {
			if t == "*" || plain(strings.TrimPrefix(t, "W/")) == f.ETag() {
				return true
			}
		}
	}
	return false
}
