package media

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"
	"image/jpeg"
	_ "image/png"
	"time"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

const (
	maxPixels = 40_000_000 // as declared, before anything is decoded
	maxHeavy  = 16_000_000 // of the kinds whose decoding takes many bytes a pixel
	maxLong   = 65_535     // either side: scaling takes memory for each row or column
	maxSide   = 512        // of what is kept
	quality   = 82

	// maxDecode is far beyond what the limits above leave possible; should they
	// have a hole, it costs no more than this.
	maxDecode = 10 * time.Second
)

// measure decodes no picture. A few bytes can declare an image that fills the
// memory, or ask for hours of work, so nothing is decoded before this agreed.
func measure(raw []byte) (pixels int64, err error) {
	c, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNotImage, err)
	}
	switch format {
	case "jpeg", "png", "gif", "webp":
	default: // another package of the program may have registered more
		return 0, fmt.Errorf("%w: %s is not taken", ErrNotImage, format)
	}
	if c.Width <= 0 || c.Height <= 0 {
		return 0, fmt.Errorf("%w: %d×%d", ErrNotImage, c.Width, c.Height)
	}
	most := int64(maxPixels)
	if c.ColorModel == color.NRGBA64Model || c.ColorModel == color.RGBA64Model { // eight bytes for each pixel
		most = maxHeavy
	}
	if format == "jpeg" {
		facts := scanJPEG(raw)
		if facts.scans > facts.mostScans() {
			return 0, fmt.Errorf("%d scans: %w", facts.scans, ErrTooBig)
		}
		if facts.progressive { // four bytes for each coefficient until the last scan
			most = maxHeavy
		}
	}
	w, h := int64(c.Width), int64(c.Height)
	if w > maxLong || h > maxLong || w*h > most {
		return 0, fmt.Errorf("%d×%d pixels: %w", w, h, ErrTooBig)
	}
	return w * h, nil
}

// attended is an image that its decoder loses when ctx is done. It is read in
// small pieces, so that the decoder comes back often.
type attended struct {
	ctx context.Context
	raw *bytes.Reader
}

func (a attended) Read(p []byte) (int, error) {
	if err := a.ctx.Err(); err != nil {
		return 0, err
	}
	return a.raw.Read(p[:min(len(p), 512)])
}

// decode gives up when ctx is done (ctx's error) or most has passed (ErrTooBig).
func decode(ctx context.Context, raw []byte, most time.Duration) (img image.Image, format string, err error) {
	hurried, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	img, format, err = image.Decode(attended{hurried, bytes.NewReader(raw)})
	switch {
	case err == nil:
		return img, format, nil
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case hurried.Err() != nil:
		return nil, "", fmt.Errorf("decoding took over %v: %w", most, ErrTooBig)
	default:
		return nil, "", fmt.Errorf("%w: %w", ErrNotImage, err)
	}
}

// redraw decodes, scales down, turns upright and encodes.
func redraw(ctx context.Context, raw []byte) ([]byte, error) {
	img, format, err := decode(ctx, raw, maxDecode)
	if err != nil {
		return nil, err
	}
	if img.Bounds().Empty() {
		return nil, fmt.Errorf("%w: empty", ErrNotImage)
	}
	drawn := scale(img)
	if format == "jpeg" {
		drawn = upright(drawn, scanJPEG(raw).orientation)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, drawn, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// scale draws img on white, its longer side at most maxSide; never larger than it was.
func scale(img image.Image) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > maxSide {
		w, h = max(w*maxSide/long, 1), max(h*maxSide/long, 1)
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(to, to.Bounds(), image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(to, to.Bounds(), img, b, draw.Over, nil)
	return to
}

// upright undoes how the camera was held; orientation is EXIF's 1 to 8.
func upright(img *image.RGBA, orientation int) *image.RGBA {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	// from says which pixel of img belongs at x, y.
	var from func(x, y int) (int, int)
	switch orientation {
	case 2:
		from = func(x, y int) (int, int) { return w - 1 - x, y }
	case 3:
		from = func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }
	case 4:
		from = func(x, y int) (int, int) { return x, h - 1 - y }
	case 5:
		from = func(x, y int) (int, int) { return y, x }
	case 6:
		from = func(x, y int) (int, int) { return y, h - 1 - x }
	case 7:
		from = func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }
	case 8:
		from = func(x, y int) (int, int) { return w - 1 - y, x }
	default:
		return img
	}
	r := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		r = image.Rect(0, 0, h, w)
	}
	to := image.NewRGBA(r)
	for y := range r.Dy() {
		for x := range r.Dx() {
			to.SetRGBA(x, y, img.RGBAAt(from(x, y)))
		}
	}
	return to
}
