package config

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
)

var update = flag.Bool("update", false, "rewrite schemas/config/README.md")

func TestReferenceIsCurrent(t *testing.T) {
	const path = "../../schemas/config/README.md"
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Reference() {
		t.Errorf("%s is out of date: go test ./host/config -run Reference -update", path)
	}
}

func TestReferencesExampleLoads(t *testing.T) {
	_, rest, _ := strings.Cut(Reference(), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the reference has no example")
	}
	c, err := load(example, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Lobby.Ring != 30*time.Second || c.TURN.Secret == "" || c.Product.Attrs["height_cm"].Max != 230 {
		t.Errorf("the example does not do what it says: %+v", c)
	}
}

// Every field can be reached and is explained: a field without tags would be
// missing from the file, the flags and the reference alike.
func TestEveryFieldIsExplained(t *testing.T) {
	var c Config
	paths := map[string]bool{}
	for _, s := range settings(&c) {
		for _, tag := range []string{"yaml", "unit", "zero", "help"} {
			if s.tag(tag) == "" {
				t.Errorf("%s lacks the tag %q", s.path, tag)
			}
		}
		if paths[s.flag()] {
			t.Errorf("two settings share the flag --%s", s.flag())
		}
		paths[s.flag()] = true
	}
	var leaves func(reflect.Type) int
	leaves = func(t reflect.Type) int {
		n := 0
		for i := range t.NumField() {
			if f := t.Field(i); f.Type.Kind() == reflect.Struct && f.Tag.Get("unit") == "" {
				n += leaves(f.Type)
			} else {
				n++
			}
		}
		return n
	}
	if got, want := len(paths), leaves(reflect.TypeFor[Config]()); got != want {
		t.Errorf("%d settings, %d fields", got, want)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	const text = "s3cr3t"
	c := Default()
	c.TURN.Secret = text
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "turn", c.TURN, "secret", c.TURN.Secret)
	asJSON, err := json.Marshal(c.TURN)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{log.String(), string(asJSON), fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c),
		fmt.Sprintf("%x %q %d", c.TURN.Secret, c.TURN.Secret, c.TURN.Secret), c.TURN.Secret.String()}
	for _, p := range printed {
		if strings.Contains(p, text) || strings.Contains(p, fmt.Sprintf("%x", text)) {
			t.Errorf("printed: %s", p)
		}
		if !strings.Contains(p, "[redacted]") {
			t.Errorf("does not say that it is redacted: %s", p)
		}
	}
	if c.TURN.Secret.Reveal() != text {
		t.Error("Reveal does not")
	}
}

func TestSecretByEnvironment(t *testing.T) {
	c, err := load("turn: {urls: ['turn:t']}", map[string]string{"NAPALMSKY_TURN_SECRET": "x"})
	if err != nil || c.TURN.Secret.Reveal() != "x" {
		t.Errorf("%v", err)
	}
}

func TestRulesAreTheLobbysDefaults(t *testing.T) {
	if got := Default().Rules(); got != lobby.DefaultRules() {
		t.Errorf("got %+v", got)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	table := map[string]func(*Config){
		"listen":                     func(c *Config) { c.Listen = "8080" },
		"data":                       func(c *Config) { c.Data = "" },
		"demo":                       func(c *Config) { c.Demo = -1 },
		"lan_listen":                 func(c *Config) { c.LAN, c.LANListen = true, "" },
		"tls_cert":                   func(c *Config) { c.TLSCert = "cert.pem" },
		"origins[0]":                 func(c *Config) { c.Origins = []string{"https://a.example/"} },
		"origins[1]":                 func(c *Config) { c.Origins = []string{"https://a.example", "*"} },
		"max_conns":                  func(c *Config) { c.MaxConns = 0 },
		"max_conns_per_person":       func(c *Config) { c.MaxConnsPerPerson = 0 },
		"conns_per_address":          func(c *Config) { c.ConnsPerAddress = -1 },
		"drain_rate":                 func(c *Config) { c.DrainRate = -1 },
		"drain_timeout":              func(c *Config) { c.DrainTimeout = -1 },
		"lobby.ring":                 func(c *Config) { c.Lobby.Ring = 0 },
		"lobby.grace":                func(c *Config) { c.Lobby.Grace = time.Hour },
		"lobby.min_seconds":          func(c *Config) { c.Lobby.MinSeconds = 59 },
		"lobby.max_seconds":          func(c *Config) { c.Lobby.MinSeconds, c.Lobby.MaxSeconds = 120, 119 },
		"lobby.max_chat":             func(c *Config) { c.Lobby.MaxChat = 501 },
		"lobby.cooldown_call":        func(c *Config) { c.Lobby.MaxCooldown = time.Hour },
		"reel.visible":               func(c *Config) { c.Reel.Visible = 0 },
		"policy.match.plugin":        func(c *Config) { c.Policy.Match.Plugin = "" },
		"policy.trim.memory_pages":   func(c *Config) { c.Policy.Trim.MemoryPages = 65_537 },
		"policy.cooldown.on_failure": func(c *Config) { c.Policy.Cooldown.OnFailure = "panic" },
		"admin.listen":               func(c *Config) { c.Admin = Admin{Listen: "9000", Token: "0123456789abcdef"} },
		"admin.token":                func(c *Config) { c.Admin = Admin{Listen: ":9000", Token: "0123456789abcde"} },
		"stun.urls[0]":               func(c *Config) { c.STUN.URLs = []string{"https://x"} },
		"turn.urls[0]":               func(c *Config) { c.TURN.URLs, c.TURN.Secret = []string{"turn:"}, "s" },
		"turn.secret":                func(c *Config) { c.TURN.URLs = []string{"turn:t"} },
		"turn.ttl":                   func(c *Config) { c.TURN = TURN{URLs: []string{"turns:t"}, Secret: "s", TTL: time.Minute} },
		"product.genders":            func(c *Config) { c.Product.Genders = nil },
		"product.tags[1]":            func(c *Config) { c.Product.Tags = []string{"a", "a"} },
		"product.tags[0]":            func(c *Config) { c.Product.Tags = []string{" a"} },
		"product.tags":               func(c *Config) { c.Product.Tags = make([]string, 65) },
		"product.langs[0].id":        func(c *Config) { c.Product.Langs = []Lang{{"EN", "English"}} },
		"product.attrs.Height":       func(c *Config) { c.Product.Attrs = map[string]Bounds{"Height": {1, 2}} },
		"product.attrs.height.max":   func(c *Config) { c.Product.Attrs = map[string]Bounds{"height": {2, 1}} },
		"session.guest":              func(c *Config) { c.Session.Guest = time.Second },
		"limits.signups_per_minute":  func(c *Config) { c.Limits.SignupsPerMinute = -1 },
		"limits.uploads_at_once":     func(c *Config) { c.Limits.UploadsAtOnce = 0 },
		"journal.bytes":              func(c *Config) { c.Journal.Bytes = 1000 },
		"journal.keep":               func(c *Config) { c.Journal.Keep = -1 },
		"steward.keep_unused":        func(c *Config) { c.Steward.KeepUnused = time.Second },
		"journal.files":              func(c *Config) { c.Journal.Files = 0 },
		"log.level":                  func(c *Config) { c.Log.Level = "" },
		"log.format":                 func(c *Config) { c.Log.Format = "xml" },
	}
	for field, spoil := range table {
		t.Run(field, func(t *testing.T) {
			c := Default()
			spoil(&c)
			var bad *FieldError
			if err := c.Validate(); !errors.As(err, &bad) || bad.Field != field {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := Default().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
}

func TestDurationsReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]time.Duration{time.Nanosecond, time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour}).Draw(t, "unit")
		d := time.Duration(rapid.Int64Range(-1000, 1000).Draw(t, "n")) * unit
		got, err := parseDuration(formatDuration(d))
		if err != nil || got != d {
			t.Fatalf("%v as %q: %v, %v", d, formatDuration(d), got, err)
		}
	})
}
