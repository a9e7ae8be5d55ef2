package media_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/napalmsky/napalmsky/host/media"
)

func open(t testing.TB) (*media.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "media")
	s, err := media.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// corners is an image whose four quarters are red, green, blue and white, row by row.
func corners(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, [2][2]color.RGBA{{red, green}, {blue, white}}[2*y/h][2*x/w])
		}
	}
	return m
}

var (
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
	blue  = color.RGBA{0, 0, 255, 255}
	white = color.RGBA{255, 255, 255, 255}
)

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t testing.TB, s *media.Store, raw []byte) string {
	t.Helper()
	id, err := s.Put(t.Context(), bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func read(t testing.TB, s *media.Store, id string) []byte {
	t.Helper()
	f, at, err := s.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if at.IsZero() {
		t.Fatal("stored at no time")
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t testing.TB, raw []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func near(c color.Color, want color.RGBA) bool {
	r, g, b, _ := c.RGBA()
	for _, d := range []int{int(r>>8) - int(want.R), int(g>>8) - int(want.G), int(b>>8) - int(want.B)} {
		if d < -40 || d > 40 {
			return false
		}
	}
	return true
}

func TestAPhotoIsKeptSmall(t *testing.T) {
	s, _ := open(t)
	var animation bytes.Buffer
	if err := gif.Encode(&animation, corners(270, 540), nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		raw  []byte
		w, h int
	}{
		"jpeg":           {jpegOf(t, corners(800, 600)), 512, 384},
		"png":            {pngOf(t, corners(600, 800)), 384, 512},
		"gif":            {animation.Bytes(), 256, 512},
		"never enlarged": {jpegOf(t, corners(30, 20)), 30, 20},
		"a line":         {pngOf(t, corners(1200, 2)), 512, 1},
	} {
		m := decode(t, read(t, s, put(t, s, c.raw)))
		if b := m.Bounds(); b.Dx() != c.w || b.Dy() != c.h {
			t.Errorf("%s became %v, want %d×%d", name, b, c.w, c.h)
		}
		if c.h > 10 && (!near(m.At(c.w/4, c.h/4), red) || !near(m.At(c.w*3/4, c.h*3/4), white)) {
			t.Errorf("%s lost its picture", name)
		}
	}
}

func TestWebP(t *testing.T) {
	s, _ := open(t)
	m := decode(t, read(t, s, put(t, s, webpRed(48, 32))))
	if b := m.Bounds(); b.Dx() != 48 || b.Dy() != 32 || !near(m.At(20, 20), red) {
		t.Fatalf("%v, %v", b, m.At(20, 20))
	}
}

func TestTransparentIsWhite(t *testing.T) {
	s, _ := open(t)
	m := decode(t, read(t, s, put(t, s, pngOf(t, image.NewNRGBA(image.Rect(0, 0, 64, 64))))))
	if !near(m.At(32, 32), white) {
		t.Fatalf("%v", m.At(32, 32))
	}
}

func TestTheSamePhotoHasOneIDAndOneFile(t *testing.T) {
	s, dir := open(t)
	raw := jpegOf(t, corners(300, 200))
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			var err error
			if ids[i], err = s.Put(t.Context(), bytes.NewReader(raw)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	files := 0
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[info.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if !info.IsDir() {
			files++
			if got, _ := filepath.Rel(dir, path); got != filepath.Join(ids[0][:2], ids[0][2:]+".jpg") {
				t.Errorf("file %s", got)
			}
		}
		return err
	})
	if err != nil || files != 1 {
		t.Fatalf("%d files, %v", files, err)
	}
	for _, id := range ids {
		if id != ids[0] || len(id) != 64 {
			t.Fatalf("ids %q", ids)
		}
	}
	if other := put(t, s, jpegOf(t, corners(200, 300))); other == ids[0] {
		t.Fatal("another photo, the same id")
	}
}

func TestPhotosOutliveTheStoreAndLeftoversDoNot(t *testing.T) {
	s, dir := open(t)
	id := put(t, s, jpegOf(t, corners(20, 20)))
	want := read(t, s, id)
	leftover := filepath.Join(dir, "unfinished", "put-1")
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := media.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, again, id); !bytes.Equal(got, want) {
		t.Fatal("another photo")
	}
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("leftover: %v", err)
	}
}

func TestNoIDLeadsOutOfTheFolder(t *testing.T) {
	s, dir := open(t)
	id := put(t, s, jpegOf(t, corners(20, 20)))
	for _, outside := range []string{filepath.Dir(dir), dir} {
		if err := os.WriteFile(filepath.Join(outside, "secret.jpg"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{
		"", "..", "../secret", "..secret", "/etc/passwd", id[:63], id + "0", strings.ToUpper(id), id[:2] + "/" + id[2:],
		id + "\x00", id[:63] + "\x00", "../" + id[3:], strings.Repeat(".", 64), strings.Repeat("/", 64),
		strings.Repeat("0", 64), "0x" + id[2:], " " + id[1:], id[:60] + "%2e%", strings.Repeat("é", 32),
	} {
		if f, _, err := s.Open(bad); !errors.Is(err, media.ErrNotFound) {
			t.Errorf("%q: %v, %v", bad, f, err)
		}
	}
}

func TestRefused(t *testing.T) {
	s, dir := open(t)
	whole := jpegOf(t, corners(300, 200))
	wholePNG := pngOf(t, corners(300, 200))
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":              {nil, media.ErrNotImage},
		"text":                 {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), media.ErrNotImage},
		"half a jpeg":          {whole[:len(whole)/2], media.ErrNotImage},
		"a jpeg's header":      {whole[:200], media.ErrNotImage},
		"half a png":           {wholePNG[:len(wholePNG)/2], media.ErrNotImage},
		"just too many bytes":  {append(whole, make([]byte, 5<<20+1-len(whole))...), media.ErrTooBig},
		"a png of 40,000²":     {declare(wholePNG, 40_000, 40_000), media.ErrTooBig},
		"a png of 2³¹ by 2³¹":  {declare(wholePNG, 1<<31-1, 1<<31-1), nil},
		"just too many pixels": {declare(wholePNG, 40_000_001, 1), media.ErrTooBig},
		"no pixels":            {declare(wholePNG, 0, 10), media.ErrNotImage},
		"a gif of 65,535²":     {[]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), media.ErrTooBig},
		"a jpeg of 65,535²":    {jpegHeader(0xc0, 65_535, 65_535), media.ErrTooBig},
		"progressive, 20 Mpx":  {jpegHeader(0xc2, 5_000, 4_000), media.ErrTooBig},
		"baseline, 20 Mpx":     {jpegHeader(0xc0, 5_000, 4_000), media.ErrNotImage}, // no picture follows
		"a webp of 16,384²":    {webpRed(16_384, 16_384), media.ErrTooBig},
		"a webp that lies":     {webpLie(webpRed(16_384, 16_384)), media.ErrNotImage},
	} {
		_, err := s.Put(t.Context(), bytes.NewReader(c.raw))
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(files) != 0 {
		t.Fatalf("left behind: %v", files)
	}
}

// A bomb is refused by what it declares: nothing near its size is allocated.
func TestABombIsRefusedBeforeItIsDecoded(t *testing.T) {
	s, _ := open(t)
	bomb := declare(pngOf(t, corners(300, 200)), 39_999, 1_001)
	const tries = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range tries {
		if _, err := s.Put(t.Context(), bytes.NewReader(bomb)); !errors.Is(err, media.ErrTooBig) {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	got := (after.TotalAlloc - before.TotalAlloc) / tries
	if got > 1<<20 {
		t.Fatalf("%d bytes allocated for a refusal", got)
	}
}

func TestAReadersErrorIsItsOwn(t *testing.T) {
	s, _ := open(t)
	cut := errors.New("connection cut")
	_, err := s.Put(t.Context(), io.MultiReader(bytes.NewReader(jpegOf(t, corners(20, 20))), iotest.ErrReader(cut)))
	if !errors.Is(err, cut) || errors.Is(err, media.ErrNotImage) {
		t.Fatal(err)
	}
}

func TestARemovedPhotoIsGone(t *testing.T) {
	s, _ := open(t)
	id, err := s.Put(t.Context(), bytes.NewReader(pngOf(t, corners(8, 8))))
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{id, id, strings.Repeat("0", 64), "../../etc/passwd", ""} { // twice, unknown, no id
		if err := s.Remove(what); err != nil {
			t.Errorf("remove %q: %v", what, err)
		}
	}
	if _, _, err := s.Open(id); !errors.Is(err, media.ErrNotFound) {
		t.Errorf("after that it opens with %v", err)
	}
	if again, err := s.Put(t.Context(), bytes.NewReader(pngOf(t, corners(8, 8)))); err != nil || again != id {
		t.Errorf("put again: %q, %v", again, err)
	}
}
