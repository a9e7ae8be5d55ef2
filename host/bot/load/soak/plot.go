package soak

import (
	"fmt"
	"strings"
)

const width, height, margin = 640, 300, 48 // the picture's own units

// SVG draws resident memory, live heap and the database over time, each in MB.
func (r *Report) SVG() string {
	lines := []struct {
		name, colour string
		y            func(Sample) float64
	}{
		{"resident memory", "#2a6fb0", func(s Sample) float64 { return s.RSS }},
		{"live heap", "#c2611a", func(s Sample) float64 { return s.Live }},
		{"database", "#2e8b57", func(s Sample) float64 { return s.Database }},
	}
	const mb = 1e6
	end, top := 1.0, 1.0
	for _, s := range r.Samples {
		end = max(end, s.At)
		for _, l := range lines {
			top = max(top, l.y(s)/mb*1.1)
		}
	}
	x := func(at float64) float64 { return margin + at/end*(width-2*margin) }
	y := func(v float64) float64 { return height - margin - v/top*(height-2*margin) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Memory and database over a soak">`+"\n", width, height)
	b.WriteString("<style>text{font:13px system-ui,sans-serif;fill:#777}path{fill:none;stroke-width:2}.grid{stroke:#8884;stroke-width:1}</style>\n")
	for i := range 5 {
		v := top * float64(i) / 4
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%.0f</text>`+"\n", margin, y(v), width-margin, margin-6, y(v)+4, v)
		at := end * float64(i) / 4
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%.1f min</text>`+"\n", x(at), height-margin+18, at/60)
	}
	for i, l := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="24" style="fill:%s">%s, MB</text>`+"\n", margin+i*190, l.colour, l.name)
		fmt.Fprintf(&b, `<path stroke="%s" d="`, l.colour)
		for j, s := range r.Samples {
			fmt.Fprintf(&b, "%c%.1f %.1f", "ML"[min(j, 1)], x(s.At), y(l.y(s)/mb))
		}
		b.WriteString("\"/>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}
