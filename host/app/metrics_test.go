package app_test

import (
	"flag"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/admin/metrics"
	"github.com/napalmsky/napalmsky/host/app"
)

var updateMetrics = flag.Bool("update", false, "write the metrics' README anew")

const metricsFolder = "../admin/metrics/"

// TestMetricsAreDocumented keeps the README's table to the code.
func TestMetricsAreDocumented(t *testing.T) {
	const file = metricsFolder + "README.md"
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(have), "| metric |")
	want := before + metrics.Table(app.Metrics)
	if *updateMetrics {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(have) != want {
		t.Errorf("%s is out of date: go test ./host/app -run MetricsAreDocumented -update", file)
	}
}

// TestDashboardAndAlertsAskForWhatThereIs scrapes a server in use.
func TestDashboardAndAlertsAskForWhatThereIs(t *testing.T) {
	a := startApp(t, nil)
	talk(t, t.Context(), joinAs(t, t.Context(), a.URL(), "ann", 99), joinAs(t, t.Context(), a.URL(), "bob", 99))
	text := scrape(t, a.URL()+"/metrics")
	served := map[string]bool{}
	for line := range strings.Lines(text) {
		if name := regexp.MustCompile(`^[a-z0-9_]+`).FindString(line); name != "" {
			served[name] = true
		}
	}
	for _, m := range app.Metrics {
		if !served[m.Name] {
			t.Errorf("%s is not served", m.Name)
		}
		if (m.Kind == metrics.Counter) != strings.HasSuffix(m.Name, "_total") {
			t.Errorf("%s is a %s", m.Name, m.Kind)
		}
	}
	for _, want := range []string{"napalmsky_people 2", "napalmsky_ready 1", "napalmsky_store_up 1", `napalmsky_plugin_revision{hook="match"} 1`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the scrape lacks %s", want)
		}
	}
	if regexp.MustCompile(`napalmsky_plugin_calls_total\{hook="match",outcome="ok"\} 0\n`).MatchString(text) {
		t.Error("no match call was counted")
	}
	for _, file := range []string{"grafana.json", "alerts.yml"} {
		data, err := os.ReadFile(metricsFolder + file)
		if err != nil {
			t.Fatal(err)
		}
		asked := regexp.MustCompile(`\b(napalmsky|process|go)_[a-z0-9_]+`).FindAllString(string(data), -1)
		if len(asked) == 0 {
			t.Errorf("%s asks for nothing", file)
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(asked))) {
			if !served[name] {
				t.Errorf("%s asks for %s, which is not served", file, name)
			}
		}
	}
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %d %v", url, r.StatusCode, err)
	}
	return string(body)
}
