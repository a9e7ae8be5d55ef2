package media

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"
	"image/jpeg"
	_ "image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

const (
	maxPixels = 40_000_000 // as declared, before anything is decoded
	maxHeavy  = 16_000_000 // of the kinds whose decoding takes many bytes a pixel
	maxSide   = 512        // of what is kept
	quality   = 82
)

// measure reads only the header. A few bytes can declare an image that fills
// the memory, so nothing is decoded before this agreed.
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
	// A progressive JPEG holds four bytes for each coefficient until its last
	// scan, a PNG of 16 bits eight for each pixel.
	if format == "jpeg" && scanJPEG(raw).progressive || c.ColorModel == color.NRGBA64Model || c.ColorModel == color.RGBA64Model {
		most = maxHeavy
	}
	w, h := int64(c.Width), int64(c.Height)
	if w > most || h > most || w*h > most {
		return 0, fmt.Errorf("%d×%d pixels: %w", w, h, ErrTooBig)
	}
	return w * h, nil
}

// redraw decodes, scales down, turns upright and encodes.
func redraw(raw []byte) ([]byte, error) {
	img, format, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotImage, err)
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
