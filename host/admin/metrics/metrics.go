// Package metrics shows a server's figures to Prometheus. It knows how figures
// are shown, not which there are: that is a table of the composition root's.
//
// README.md lists every metric; a test of the composition root keeps it, the
// dashboard and the alert rules to the table.
package metrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Kind says how a figure moves.
type Kind string

const (
	Gauge   Kind = "gauge"   // up and down
	Counter Kind = "counter" // only grows, from 0 at the server's start
)

// Metric is one figure, or one per value of its labels, read from a moment's
// picture S.
type Metric[S any] struct {
	Name   string // napalmsky_…; a counter ends in _total, a unit is seconds or bytes
	Kind   Kind
	Labels []string // each of few values: never of a person
	Help   string   // for people, no full stop
	Read   func(s S, show func(value float64, labels ...string))
}

// One is the Read of a metric without labels.
func One[S any](value func(S) float64) func(S, func(float64, ...string)) {
	return func(s S, show func(float64, ...string)) { show(value(s)) }
}

// Handler answers scrapes. look is called once for each, by at most two at a
// time, so all figures of one answer are of one moment. Go's own metrics
// (go_…) and the process's (process_…, on Linux) are among them.
func Handler[S any](table []Metric[S], look func() S, log *slog.Logger) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(newCollector(table, look), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorLog: complaints{log}, MaxRequestsInFlight: 2, ErrorHandling: promhttp.HTTPErrorOnError})
}

type collector[S any] struct {
	table []Metric[S]
	descs []*prometheus.Desc
	look  func() S
}

func newCollector[S any](table []Metric[S], look func() S) *collector[S] {
	c := &collector[S]{table: table, look: look}
	for _, m := range table {
		c.descs = append(c.descs, prometheus.NewDesc(m.Name, m.Help, m.Labels, nil))
	}
	return c
}

func (c *collector[S]) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

func (c *collector[S]) Collect(out chan<- prometheus.Metric) {
	s := c.look()
	for i, m := range c.table {
		kind := prometheus.GaugeValue
		if m.Kind == Counter {
			kind = prometheus.CounterValue
		}
		m.Read(s, func(value float64, labels ...string) {
			metric, err := prometheus.NewConstMetric(c.descs[i], kind, value, labels...)
			if err != nil {
				metric = prometheus.NewInvalidMetric(c.descs[i], err)
			}
			out <- metric
		})
	}
}

type complaints struct{ log *slog.Logger }

func (c complaints) Println(v ...any) {
	c.log.Error("metrics: " + strings.TrimSpace(fmt.Sprintln(v...)))
}

// Table writes the metrics as README.md shows them.
func Table[S any](table []Metric[S]) string {
	var b strings.Builder
	b.WriteString("| metric | kind | labels | what it says |\n|---|---|---|---|\n")
	for _, m := range table {
		labels := "–"
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, labels, m.Help)
	}
	return b.String()
}
