package capacity

import "fmt"

// replaced is what the system before this one did with the same evening on two
// cores (testdata/capacity/README.md): people, MB, CPU s/min, MB/min to clients,
// invite→ring p99 in ms. Zero: it had collapsed, or it was not measured.
func replaced() [][5]float64 {
	return [][5]float64{{100, 123, 17.5, 3.2, 152}, {150, 139, 34.2, 6.5, 576}, {200, 238, 71.6, 0, 28_000}}
}

// Plots draws memory, CPU, bytes and latency against people; the keys are file names.
func Plots(runs []*Run) map[string]string {
	draw := func(title, unit string, old int, figure func(*Run) *float64) plot {
		p := plot{title: title, unit: unit}
		for _, r := range runs {
			v := figure(r)
			if v == nil || *v <= 0 || !quiet(r) {
				continue
			}
			if n := len(p.lines); n == 0 || p.lines[n-1].name != series(r) {
				p.lines = append(p.lines, line{name: series(r), class: fmt.Sprintf("s%d", n%5)})
			}
			l := &p.lines[len(p.lines)-1]
			l.points = append(l.points, point{float64(r.People), *v})
		}
		before := line{name: "the replaced system", class: "old"}
		for _, o := range replaced() {
			if o[old] > 0 {
				before.points = append(before.points, point{o[0], o[old]})
			}
		}
		p.lines = append(p.lines, before)
		return p
	}
	latency := draw("Invite to ring, p99", "ms", 4, func(r *Run) *float64 { return r.LatencyMS["ring"].P99 })
	latency.lines = append(latency.lines, late(runs))
	return map[string]string{
		"memory.svg":  draw("Resident memory", "MB", 1, func(r *Run) *float64 { return scaled(r.Server.RSSAvg, 1e-6) }).svg(),
		"cpu.svg":     draw("Server CPU", "s/min", 2, func(r *Run) *float64 { return r.Server.CPU }).svg(),
		"bytes.svg":   draw("To clients", "MB/min", 3, func(r *Run) *float64 { return scaled(&r.ToClients, 1e-6) }).svg(),
		"latency.svg": latency.svg(),
	}
}

// late is how late the generator itself was, of the first series: latencies
// near it are the generator's rather than the server's.
func late(runs []*Run) line {
	l := line{name: "generator's own lag, p99", class: "aside"}
	for _, r := range runs {
		if v := r.Generator.Lag.P99; v != nil && *v > 0 && quiet(r) && series(r) == series(runs[0]) {
			l.points = append(l.points, point{float64(r.People), *v})
		}
	}
	return l
}
