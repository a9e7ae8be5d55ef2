package capacity

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// plot is one picture: a figure against people, both on logarithmic axes, so
// that what is linear in people is a straight line.
type plot struct {
	title, unit string
	lines       []line
}

type line struct {
	name   string
	class  string // of the stylesheet: s0 to s4, old, aside
	points []point
}

// point must have both coordinates above zero.
type point struct{ x, y float64 }

// The picture's own units, which are pixels at full size.
const (
	width, height            = 640, 400
	left, right, top, bottom = 64, 34, 78, 48
)

// The pictures carry their colours for light and dark pages; they have no
// background of their own.
const style = `<style>
text{font:13px system-ui,sans-serif;fill:#333}
.title{font-size:15px;font-weight:600}
.grid{stroke:#8884;stroke-width:1}
.s0{--c:#2a6fb0}.s1{--c:#c2611a}.s2{--c:#2e8b57}.s3{--c:#8a4fb5}.s4{--c:#b03a5b}.old,.aside{--c:#888}
path{fill:none;stroke:var(--c);stroke-width:2}
circle{fill:var(--c)}
.aside{stroke-dasharray:2 4}
.old{stroke-dasharray:6 3}
circle.aside,circle.old{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#ddd}.s0{--c:#6cb0ee}.s1{--c:#f0a060}.s2{--c:#6fce9a}.s3{--c:#c79bea}.s4{--c:#ee86a5}}
</style>
`

// svg draws the plot. The same data give the same bytes. A plot without points
// is its empty frame.
func (p plot) svg() string {
	x, y := p.axes()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n", width, height, html.EscapeString(p.title))
	b.WriteString(style)
	text := func(x, y float64, class, anchor, s string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`+"\n", x, y, class, anchor, html.EscapeString(s))
	}
	text(left, 22, "title", "start", p.title+", "+p.unit)
	for _, v := range y.ticks() {
		at := y.at(v)
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1fH%d"/>`+"\n", left, at, width-right)
		text(left-8, at+4, "tick", "end", tick(v))
	}
	for _, v := range x.ticks() {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %dV%d"/>`+"\n", x.at(v), top, height-bottom)
		text(x.at(v), height-bottom+18, "tick", "middle", tick(v))
	}
	text((left+width-right)/2, height-10, "tick", "middle", "people")
	for i, l := range p.lines {
		col, row := i%3, i/3
		lx, ly := float64(left+col*190), float64(44+row*18)
		fmt.Fprintf(&b, `<path class="%s" d="M%.1f %.1fh22"/>`+"\n", l.class, lx, ly-4)
		text(lx+28, ly, "key", "start", l.name)
		var d strings.Builder
		for j, q := range l.points {
			fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(j, 1)], x.at(q.x), y.at(q.y))
		}
		fmt.Fprintf(&b, `<path class="%s" d="%s"/>`+"\n", l.class, d.String())
		for _, q := range l.points {
			fmt.Fprintf(&b, `<circle class="%s" cx="%.1f" cy="%.1f" r="3.5"><title>%s: %s people, %s %s</title></circle>`+"\n",
				l.class, x.at(q.x), y.at(q.y), html.EscapeString(l.name), tick(q.x), figure(q.y), html.EscapeString(p.unit))
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// axis is logarithmic: values from lo to hi lie between the places from and to.
type axis struct{ lo, hi, from, to float64 }

func (a axis) at(v float64) float64 {
	return a.from + (a.to-a.from)*(math.Log(v)-math.Log(a.lo))/(math.Log(a.hi)-math.Log(a.lo))
}

// axes span all points, out to the next tick.
func (p plot) axes() (x, y axis) {
	x, y = axis{lo: math.Inf(1), from: left, to: width - right}, axis{lo: math.Inf(1), from: height - bottom, to: top}
	for _, l := range p.lines {
		for _, q := range l.points {
			x.lo, x.hi = min(x.lo, q.x), max(x.hi, q.x)
			y.lo, y.hi = min(y.lo, q.y), max(y.hi, q.y)
		}
	}
	return x.out(), y.out()
}

// out widens an axis to 1, 2 or 5 times a power of ten, at least to twice its start.
func (a axis) out() axis {
	if a.hi == 0 {
		a.lo, a.hi = 1, 10
	}
	a.lo, a.hi = step(a.lo, math.Floor), step(a.hi, math.Ceil)
	if a.hi == a.lo {
		a.hi *= 2
	}
	return a
}

// step is a tick's value near v: its place among 1, 2, 5, 10, 20, 50 … is rounded by round.
func step(v float64, round func(float64) float64) float64 {
	place := func(i int) float64 {
		return []float64{1, 2, 5}[((i%3)+3)%3] * math.Pow(10, math.Floor(float64(i)/3))
	}
	i := int(math.Floor(math.Log10(v)))*3 - 1
	for place(i+1) <= v*(1+1e-9) {
		i++
	}
	if near := place(i); math.Abs(near-v) < v*1e-9 || round(0.5) == 0 {
		return near
	}
	return place(i + 1)
}

// ticks are the axis's 1, 2, 5 … or, if those are many, its powers of ten.
func (a axis) ticks() (all []float64) {
	var tens []float64
	for v := a.lo; v <= a.hi*(1+1e-9); v = step(v*1.01, math.Ceil) {
		all = append(all, v)
		if l := math.Log10(v); math.Abs(l-math.Round(l)) < 1e-9 {
			tens = append(tens, v)
		}
	}
	if len(all) > 9 {
		return tens
	}
	return all
}

func tick(v float64) string {
	if v >= 1000 {
		return thousands(int(v + 0.5))
	}
	return fmt.Sprintf("%.4g", v)
}
