package bot

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// Portrait draws a small head and shoulders before a coloured evening sky and
// returns it as JPEG, size pixels square (16–1024). 128 pixels are about 3 KB.
func Portrait(r *rand.Rand, size int) ([]byte, error) {
	if size < 16 || size > 1024 {
		return nil, fmt.Errorf("bot: portrait: size %d", size)
	}
	hue := r.Float64()
	top, low := hsl(hue, 0.6, 0.35), hsl(hue+0.08+0.1*r.Float64(), 0.8, 0.7)
	skin := hsl(0.06+0.02*r.Float64(), 0.45, 0.3+0.45*r.Float64())
	hair := hsl(0.05+0.06*r.Float64(), 0.2+0.5*r.Float64(), 0.1+0.45*r.Float64())
	coat := hsl(r.Float64(), 0.5, 0.45)
	headR, hairDrop := 0.17+0.03*r.Float64(), 0.02+0.12*r.Float64()

	img := image.NewRGBA(image.Rect(0, 0, size, size))
	px := 1 / float64(size)
	for y := range size {
		for x := range size {
			u, v := (float64(x)+0.5)*px, (float64(y)+0.5)*px
			c := mix(top, low, v)
			c = mix(c, hair, inside(u, v, 0.5, 0.42, headR*1.22, headR*1.2+hairDrop, px))
			c = mix(c, coat, inside(u, v, 0.5, 1.02, 0.36, 0.34, px))
			c = mix(c, skin, inside(u, v, 0.5, 0.66, 0.07, 0.12, px))
			c = mix(c, skin, inside(u, v, 0.5, 0.45, headR, headR*1.2, px))
			img.SetRGBA(x, y, color.RGBA{uint8(c[0] * 255), uint8(c[1] * 255), uint8(c[2] * 255), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 78}); err != nil {
		return nil, fmt.Errorf("bot: portrait: %w", err)
	}
	return b.Bytes(), nil
}

type rgb [3]float64

func mix(a, b rgb, t float64) rgb {
	for i := range a {
		a[i] += (b[i] - a[i]) * t
	}
	return a
}

// inside is 1 within an ellipse, 0 outside, and soft over one pixel.
func inside(u, v, cx, cy, rx, ry, px float64) float64 {
	d := (1 - math.Hypot((u-cx)/rx, (v-cy)/ry)) * min(rx, ry) / px
	return max(0, min(1, d+0.5))
}

func hsl(h, s, l float64) rgb {
	a := s * min(l, 1-l)
	f := func(n float64) float64 {
		k := math.Mod(n+h*12, 12)
		return l - a*max(-1, min(k-3, 9-k, 1))
	}
	return rgb{f(0), f(8), f(4)}
}
