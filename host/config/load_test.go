package config

import (
	"errors"
	"flag"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// environ lists variables as os.Environ does, among others'.
func environ(env map[string]string) []string {
	list := []string{"PATH=/bin", "=C:=C:\\", "EMPTY"}
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

// load runs Load over a fake environment and one file.
func load(file string, env map[string]string, args ...string) (Config, error) {
	if file != "" {
		args = append([]string{"--config", "sky.yaml"}, args...)
	}
	return Load(args, environ(env), func(name string) ([]byte, error) {
		if name != "sky.yaml" {
			return nil, fs.ErrNotExist
		}
		return []byte(file), nil
	})
}

func TestNothingSetIsTheDefault(t *testing.T) {
	c, err := load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, Default()) {
		t.Errorf("got %+v", c)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	const file = "listen: 'file:1'\nlobby: {ring: 30s}\nlan: true\nproduct: {tags: [chess]}\norigins: ['https://file.example']\n"
	env := map[string]string{
		"NAPALMSKY_LISTEN": "env:2", "NAPALMSKY_LOBBY_RING": "40s", "NAPALMSKY_LAN": "0",
		"NAPALMSKY_PRODUCT_TAGS": "go, wasm", "NAPALMSKY_ORIGINS": "https://env.example",
	}
	flags := []string{"--listen", "flag:3", "--lobby-ring=50s", "--lan", "--product-tags", "sky", "--origins=https://flag.example"}
	type seen struct {
		listen      string
		ring        time.Duration
		lan         bool
		tag, origin string
	}
	d := Default()
	table := []struct {
		name string
		file string
		env  map[string]string
		args []string
		want seen
	}{
		{"default", "", nil, nil, seen{d.Listen, d.Lobby.Ring, false, d.Product.Tags[0], ""}},
		{"file", file, nil, nil, seen{"file:1", 30 * time.Second, true, "chess", "https://file.example"}},
		{"env over default", "", env, nil, seen{"env:2", 40 * time.Second, false, "go", "https://env.example"}},
		{"env over file", file, env, nil, seen{"env:2", 40 * time.Second, false, "go", "https://env.example"}},
		{"flag over default", "", nil, flags, seen{"flag:3", 50 * time.Second, true, "sky", "https://flag.example"}},
		{"flag over file", file, nil, flags, seen{"flag:3", 50 * time.Second, true, "sky", "https://flag.example"}},
		{"flag over all", file, env, flags, seen{"flag:3", 50 * time.Second, true, "sky", "https://flag.example"}},
		{"PORT over file", file, map[string]string{"PORT": "9"}, nil, seen{":9", 30 * time.Second, true, "chess", "https://file.example"}},
		{"NAPALMSKY_LISTEN over PORT", "", map[string]string{"PORT": "9", "NAPALMSKY_LISTEN": "a:1"}, nil,
			seen{"a:1", d.Lobby.Ring, false, d.Product.Tags[0], ""}},
		{"flag over PORT", "", map[string]string{"PORT": "9"}, []string{"--listen=a:2"},
			seen{"a:2", d.Lobby.Ring, false, d.Product.Tags[0], ""}},
	}
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			got, err := load(c.file, c.env, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			have := seen{got.Listen, got.Lobby.Ring, got.LAN, got.Product.Tags[0], strings.Join(got.Origins, " ")}
			if have != c.want {
				t.Errorf("got %+v, want %+v", have, c.want)
			}
		})
	}
}

func TestTheFileMayBeNamedByEnvironment(t *testing.T) {
	c, err := Load(nil, []string{"NAPALMSKY_CONFIG=/etc/sky.yaml"}, func(name string) ([]byte, error) {
		if name != "/etc/sky.yaml" {
			t.Errorf("read %q", name)
		}
		return []byte("demo: 7"), nil
	})
	if err != nil || c.Demo != 7 {
		t.Errorf("demo %d, %v", c.Demo, err)
	}
}

// TestUnknownVariablesAreRefused: a limit that was mistyped must not go unnoticed.
func TestUnknownVariablesAreRefused(t *testing.T) {
	for name, want := range map[string]string{
		"NAPALMSKY_LIMITS_SIGNUP_PER_MINUTE": "the nearest is NAPALMSKY_LIMITS_SIGNUPS_PER_MINUTE",
		"NAPALMSKY_LISTN":                    "the nearest is NAPALMSKY_LISTEN",
		"NAPALMSKY_CONFIGURATION":            "the nearest is NAPALMSKY_CONFIG",
		"NAPALMSKY_":                         "no such setting",
		"NAPALMSKY_Listen":                   "the nearest is NAPALMSKY_LISTEN",
		"NAPALMSKY_PORT":                     "no such setting",
		"NAPALMSKY_PRODUCT_LANGS":            "product.langs can only be set in the file",
		"NAPALMSKY_PRODUCT_ATTRS":            "product.attrs can only be set in the file",
	} {
		_, err := load("", map[string]string{name: "hunter2", "NAPALMSKY_DEMO": "3"})
		if err == nil || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := load("", map[string]string{name: ""}); err != nil {
			t.Errorf("%s, empty: %v", name, err)
		}
	}
	for name, value := range map[string]string{
		"NAPALMSKY_PROVE": "1", "NAPALMSKY_KILLS": "20", "NAPALMSKY_TEST_SERVE": "1", // our own tests'
		"NAPALMSKY_SERVICE_HOST": "10.0.0.1", "NAPALMSKY_SERVICE_PORT": "80", "NAPALMSKY_SERVICE_PORT_HTTP": "80", // a cluster's
		"NAPALMSKY_PORT": "tcp://10.0.0.1:80", "NAPALMSKY_PORT_80_TCP": "tcp://10.0.0.1:80", "NAPALMSKY_PORT_80_TCP_ADDR": "10.0.0.1",
		"NAPALMSKY_ADMIN_SERVICE_HOST": "10.0.0.2", "NAPALMSKY_ADMIN_PORT": "tcp://10.0.0.2:80", "NAPALMSKY_ADMIN_PORT_80_TCP_PROTO": "tcp",
		"MY_NAPALMSKY_LISTN": "x", "napalmsky_listn": "x",
	} {
		if c, err := load("", map[string]string{name: value}); err != nil || !reflect.DeepEqual(c, Default()) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

// TestNearestIsNearest: the distance is a metric, and one slip is 1.
func TestNearestIsNearest(t *testing.T) {
	word := rapid.StringMatching(`[A-C_]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		switch d := distance(a, b); {
		case (d == 0) != (a == b), d != distance(b, a), d > distance(a, c)+distance(c, b), d > max(len(a), len(b)), d < max(len(a)-len(b), len(b)-len(a)):
			t.Fatalf("%q and %q are %d apart", a, b, d)
		case distance(a, a+"X") != 1:
			t.Fatalf("%q: one letter more is %d", a, distance(a, a+"X"))
		}
	})
}

func TestPromisedFlagsExist(t *testing.T) {
	c, err := load("", nil, "--listen=:1", "--data=d", "--plugins=p", "--demo=3", "--lan", "--tls-cert=c", "--tls-key=k", "--log-level=debug")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":1" || c.Data != "d" || c.Plugins != "p" || c.Demo != 3 || !c.LAN || c.TLSCert != "c" || c.TLSKey != "k" || c.Log.Level != "debug" {
		t.Errorf("got %+v", c)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	env := func(k, v string) map[string]string { return map[string]string{k: v} }
	table := []struct {
		name, file string
		env        map[string]string
		args       []string
		want       string // in the error
	}{
		{"unknown key", "listen: ':1'\nlobby:\n  ring: 20s\n  rng: 3\n", nil, nil, "sky.yaml: line 4: lobby.rng: unknown key"},
		{"unknown section", "\nlobbby:\n  ring: 20s\n", nil, nil, "line 2: lobbby: unknown key"},
		{"key in another case", "Listen: ':1'", nil, nil, "Listen: unknown key"},
		{"key twice", "demo: 1\ndemo: 2\n", nil, nil, "line 2: demo: written twice"},
		{"no value", "data:\n", nil, nil, "line 1: data: has no value"},
		{"null", "demo: ~\n", nil, nil, "demo: has no value"},
		{"wrong kind", "demo: many\n", nil, nil, `line 1: demo: "many" is not a whole number`},
		{"fraction", "demo: 1.5\n", nil, nil, "demo:"},
		{"number as duration", "lobby: {ring: 20}\n", nil, nil, `lobby.ring: "20" is not a duration`},
		{"list for a value", "data: [a]\n", nil, nil, "data: must be a single value"},
		{"value for a list", "origins: a\n", nil, nil, "origins: must be a list"},
		{"value for a section", "lobby: 3\n", nil, nil, "lobby: must be keys and values"},
		{"a list at the top", "- a\n", nil, nil, "line 1: the file: must be keys and values"},
		{"inside a list", "product:\n  langs:\n    - {id: en, name: English}\n", nil, nil, "line 3: product.langs[0].name: unknown key"},
		{"inside a map", "product: {attrs: {height: {min: 1, mx: 2}}}\n", nil, nil, "product.attrs.height.mx: unknown key"},
		{"alias", "stun: {urls: &a [x]}\nturn: {urls: *a}\n", nil, nil, "anchors and aliases"},
		{"two documents", "demo: 1\n---\ndemo: 2\n", nil, nil, "only one document"},
		{"not YAML", "a: [\n", nil, nil, "sky.yaml: line"},
		{"bad CIDR", "trusted_proxies: [10.0.0.0]\n", nil, nil, "trusted_proxies[0]:"},
		{"PORT", "", env("PORT", "http"), nil, "PORT:"},
		{"PORT 0", "", env("PORT", "0"), nil, "PORT:"},
		{"variable", "", env("NAPALMSKY_DEMO", "x"), nil, "NAPALMSKY_DEMO:"},
		{"flag value", "", nil, []string{"--demo=x"}, "--demo:"},
		{"bool flag value", "", nil, []string{"--lan=maybe"}, "--lan:"},
		{"unknown flag", "", nil, []string{"--dmeo=1"}, "dmeo"},
		{"secret flag", "", nil, []string{"--turn-secret=x"}, "turn-secret"},
		{"argument", "", nil, []string{"now"}, `"now"`},
		{"missing file", "", env("NAPALMSKY_CONFIG", "gone"), nil, "file does not exist"},
		{"invalid value", "", nil, []string{"--log-level=loud"}, "log.level: must be one of"},
	}
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			got, err := load(c.file, c.env, c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q in it", err, c.want)
			}
			if !reflect.DeepEqual(got, Config{}) {
				t.Error("a refused configuration came back half filled")
			}
		})
	}
}

func TestHelpIsNoMistake(t *testing.T) {
	if _, err := load("", nil, "-h"); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
	var b strings.Builder
	Usage(&b)
	for _, want := range []string{"-listen", "-lobby-ring", "default 20s", "-config"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("usage lacks %q", want)
		}
	}
	if strings.Contains(b.String(), "turn-secret") {
		t.Error("a secret is offered as a flag")
	}
}

func TestListsInTheFileReplaceTheDefault(t *testing.T) {
	c, err := load("product:\n  genders: [A, B]\n  langs: [{id: no, label: Norsk}]\n  attrs: {height_cm: {min: 120, max: 230}}\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Product{Genders: []string{"A", "B"}, Tags: Default().Product.Tags, Langs: []Lang{{"no", "Norsk"}}, Attrs: map[string]Bounds{"height_cm": {120, 230}}}
	if !reflect.DeepEqual(c.Product, want) {
		t.Errorf("got %+v", c.Product)
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "demo: 5", "lobby: {ring: 20s}", "a: [", "&a [*a]", "? {x: y}\n: z", "product: {attrs: {h: {min: 1}}}",
		"<<: {demo: 1}", "--- a\n--- b", "trusted_proxies: [10.0.0.0/8]", "session: {guest: 9999999999999d}", "\x00", "!!binary x: y",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		c := Default()
		if err := readYAML(&c, []byte(file)); err == nil {
			_ = c.Validate()
			_ = c.Rules()
		} else if err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
