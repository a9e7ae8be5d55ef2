package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Reference is schemas/config/README.md, made from the struct's tags and
// Default. A test keeps the file equal to it.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	c := Default()
	section := ""
	for _, s := range settings(&c) {
		if name := sectionOf(s.path); name != section || b.Len() == len(referenceHead) {
			section = name
			fmt.Fprintf(&b, "\n## %s\n\n| key | unit | default | zero or empty means | what for |\n|---|---|---|---|---|\n", title(section))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s%s |\n",
			s.path, s.tag("unit"), show(s.value), s.tag("zero"), s.tag("help"), only(s))
	}
	return b.String()
}

const referenceHead = "# Settings of `napalmsky serve`\n\n" +
	"<!-- Generated from host/config; renew with: go test ./host/config -run Reference -update -->\n\n" +
	"Nothing needs to be set. Later sources win: defaults, the YAML file (`--config FILE` or `NAPALMSKY_CONFIG`), the\n" +
	"environment, flags. One name serves all three: the key `lobby.ring` is `NAPALMSKY_LOBBY_RING` in the environment and\n" +
	"`--lobby-ring` as a flag. In the environment and in flags a list is separated by commas; an empty variable counts as\n" +
	"not set. `PORT` is short for `listen: \":PORT\"` and yields to `NAPALMSKY_LISTEN`; so does `DATABASE_URL`\n" +
	"to `NAPALMSKY_DATABASE_URL`. Durations are written `20s`, `5m`, `24h` or `7d`,\n" +
	"sizes `400MiB`, `2GB` or in bytes; logs, the console and the files here speak of MiB and GiB, which are 1024 based.\n\n" +
	"Files to start from, with the figures they rest on, for machines of [512 MB](profiles/512mb.yaml), [1 GB](profiles/1gb.yaml) and\n" +
	"[2 GB](profiles/2gb.yaml): `napalmsky serve --config 1gb.yaml`.\n\n" +
	"The file is strict: a key that is unknown, written twice or without a value stops the start, with its name and line. So does a\n" +
	"variable `NAPALMSKY_*` that is no setting, with the nearest one; those that Kubernetes sets for a service of that name are let be.\n\n" +
	"```yaml\n" +
	"listen: \":8080\"\n" +
	"trusted_proxies: [10.0.0.0/8]\n" +
	"lobby:\n" +
	"  ring: 30s\n" +
	"turn:\n" +
	"  urls: [\"turn:turn.example.org:3478\"]\n" +
	"  secret: the static-auth-secret of coturn\n" +
	"product:\n" +
	"  genders: [Woman, Man, Non-binary]\n" +
	"  langs: [{id: en, label: English}]\n" +
	"  attrs:\n" +
	"    height_cm: {min: 120, max: 230}\n" +
	"```\n"

func only(s setting) string {
	switch {
	case !s.inText():
		return " Only in the file."
	case s.secret():
		return " Not as a flag."
	default:
		return ""
	}
}

func sectionOf(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}

func title(section string) string {
	if section == "" {
		return "The server"
	}
	return "`" + section + "`"
}

// show writes a default for people.
func show(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return formatDuration(x)
	case string:
		if x == "" {
			return "none"
		}
		return x
	case []Lang:
		ids := make([]string, len(x))
		for i, l := range x {
			ids[i] = l.ID
		}
		return strings.Join(ids, ", ")
	case []string:
		if len(x) > 0 {
			return strings.Join(slices.Clone(x), ", ")
		}
	}
	if k := v.Kind(); (k == reflect.Slice || k == reflect.Map || k == reflect.String) && v.Len() == 0 {
		return "none"
	}
	return fmt.Sprint(v.Interface())
}
