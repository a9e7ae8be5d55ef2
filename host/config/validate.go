package config

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FieldError says which setting cannot be, by its path in the file, and why.
type FieldError struct{ Field, Problem string }

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Validate answers nil or a *FieldError for the first setting that cannot be.
func (c Config) Validate() error {
	k := &check{}
	k.listen("listen", c.Listen)
	k.that(c.Data != "", "data", "must name a folder")
	between(k, "demo", c.Demo, 0, 5_000)
	if c.LAN {
		k.listen("lan_listen", c.LANListen)
	}
	k.that((c.TLSCert == "") == (c.TLSKey == ""), "tls_cert", "tls_cert and tls_key go together")
	for i, o := range c.Origins {
		k.that(isOrigin(o), fmt.Sprintf("origins[%d]", i), "must be scheme://host[:port], without a path")
	}
	for i, p := range c.TrustedProxies {
		k.that(p.IsValid(), fmt.Sprintf("trusted_proxies[%d]", i), "must be a CIDR such as 10.0.0.0/8")
	}
	for i, p := range c.MetricsFrom {
		k.that(p.IsValid(), fmt.Sprintf("metrics_from[%d]", i), "must be a CIDR such as 10.0.0.0/8")
	}
	between(k, "max_conns", c.MaxConns, 1, 1_000_000)
	between(k, "max_conns_per_person", c.MaxConnsPerPerson, 1, 16)
	between(k, "conns_per_address", c.ConnsPerAddress, 1, 1_000_000)
	between(k, "drain_rate", c.DrainRate, 1, 1_000_000)
	between(k, "drain_timeout", c.DrainTimeout, 0, 10*time.Minute)
	c.Database.validate(k)
	c.Cache.validate(k)
	c.Lobby.validate(k)
	between(k, "reel.visible", c.Reel.Visible, 1, 100)
	between(k, "reel.reserve", c.Reel.Reserve, 1, 400)
	between(k, "reel.exposure_factor", c.Reel.ExposureFactor, 1, 1_000)
	c.Policy.validate(k)
	c.Admin.validate(k)
	k.urls("stun.urls", c.STUN.URLs, "stun:", "stuns:")
	k.urls("turn.urls", c.TURN.URLs, "turn:", "turns:")
	if len(c.TURN.URLs) > 0 {
		k.that(c.TURN.Secret != "", "turn.secret", "is needed with turn.urls")
		between(k, "turn.ttl", c.TURN.TTL, 5*time.Minute, 7*24*time.Hour)
	}
	c.Product.validate(k)
	between(k, "session.guest", c.Session.Guest, time.Minute, 366*24*time.Hour)
	between(k, "session.permanent", c.Session.Permanent, time.Minute, 366*24*time.Hour)
	c.Limits.validate(k)
	if c.Journal.Bytes != 0 {
		between(k, "journal.bytes", c.Journal.Bytes, 1<<20, 1<<40)
		between(k, "journal.files", c.Journal.Files, 1, 10_000)
		between(k, "journal.keep", c.Journal.Keep, 0, 100*366*24*time.Hour)
	}
	c.Memory.validate(k)
	c.Steward.validate(k)
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "text", "json")
	return k.err()
}

func (l Lobby) validate(k *check) {
	const year = 366 * 24 * time.Hour
	between(k, "lobby.ring", l.Ring, time.Second, 10*time.Minute)
	between(k, "lobby.rest", l.Rest, 0, 24*time.Hour)
	between(k, "lobby.max_waits", l.MaxWaits, 0, 100)
	between(k, "lobby.grace", l.Grace, time.Second, 10*time.Minute)
	between(k, "lobby.offer", l.Offer, time.Second, 10*time.Minute)
	between(k, "lobby.min_seconds", l.MinSeconds, 60, 1800)
	between(k, "lobby.max_seconds", l.MaxSeconds, l.MinSeconds, 1800)
	between(k, "lobby.max_chat", l.MaxChat, 1, 500)
	between(k, "lobby.max_cooldown", l.MaxCooldown, time.Second, 10*year)
	between(k, "lobby.cooldown_call", l.CooldownCall, 0, l.MaxCooldown)
	between(k, "lobby.cooldown_declined", l.CooldownDeclined, 0, l.MaxCooldown)
	between(k, "lobby.cooldown_rescinded", l.CooldownRescind, 0, l.MaxCooldown)
	between(k, "lobby.store_wait", l.StoreWait, 10*time.Millisecond, time.Minute)
	between(k, "lobby.policy_wait", l.PolicyWait, 10*time.Millisecond, time.Minute)
}

func (p Policy) validate(k *check) {
	p.Match.validate(k, "policy.match")
	p.Cooldown.validate(k, "policy.cooldown")
	p.Trim.validate(k, "policy.trim")
	p.Signalling.validate(k, "policy.signalling")
	for _, key := range p.TrustedKeys {
		raw, err := base64.StdEncoding.DecodeString(key)
		k.that(err == nil && len(raw) == ed25519.PublicKeySize, "policy.trusted_keys", "must be base64 of 32 bytes each")
	}
	between(k, "policy.module_bytes", p.ModuleBytes, 1<<10, 16<<20)
	between(k, "policy.compile_timeout", p.CompileTimeout, time.Second, time.Hour)
	between(k, "policy.quarantine_failures", p.QuarantineFailures, 1, 1_000_000)
	between(k, "policy.quarantine_window", p.QuarantineWindow, time.Second, 24*time.Hour)
	between(k, "policy.keep_warm", p.KeepWarm, time.Second, 30*24*time.Hour)
	between(k, "policy.cache_bytes", p.CacheBytes, 1<<20, 1<<40)
	const most = 1_000_000_000
	between(k, "policy.fuel.init", p.Fuel.Init, 0, most)
	between(k, "policy.fuel.setup", p.Fuel.Setup, 0, most)
	between(k, "policy.fuel.match", p.Fuel.Match, 0, most)
	between(k, "policy.fuel.row", p.Fuel.Row, 0, most)
	between(k, "policy.fuel.cooldown", p.Fuel.Cooldown, 0, most)
	between(k, "policy.fuel.trim", p.Fuel.Trim, 0, most)
	between(k, "policy.fuel.signalling", p.Fuel.Signalling, 0, most)
}

func (h Hook) validate(k *check, path string) {
	k.that(h.Plugin != "", path+".plugin", "must name a plugin, a file or 'native'")
	between(k, path+".memory_pages", h.MemoryPages, 1, 65_536)
	between(k, path+".instances", h.Instances, 0, 1_000)
	k.oneOf(path+".on_failure", h.OnFailure, "last_good", "native", "refuse")
}

func (a Admin) validate(k *check) {
	if a.Listen == "" {
		return
	}
	k.listen("admin.listen", a.Listen)
	const shortest = 16
	problem := fmt.Sprintf("is needed with admin.listen, %d characters or more", shortest)
	k.that(len(a.Token.Reveal()) >= shortest, "admin.token", problem)
	visible := func(r rune) bool { return r > ' ' && r < 0x7f } // it travels in a header
	k.that(strings.IndexFunc(a.Token.Reveal(), func(r rune) bool { return !visible(r) }) < 0, "admin.token", "must be ASCII without blanks")
}

var (
	langID   = regexp.MustCompile(`^[a-z]{2,3}$`)
	attrName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
)

func (p Product) validate(k *check) {
	k.that(len(p.Genders) > 0, "product.genders", "must have at least one")
	k.words("product.genders", p.Genders, 8)
	k.words("product.tags", p.Tags, 64)
	ids, labels := make([]string, len(p.Langs)), make([]string, len(p.Langs))
	for i, l := range p.Langs {
		ids[i], labels[i] = l.ID, l.Label
		k.that(langID.MatchString(l.ID), fmt.Sprintf("product.langs[%d].id", i), "must be an ISO 639 code of two or three letters")
	}
	k.words("product.langs", ids, 64)
	k.words("product.langs", labels, 64)
	k.that(len(p.Attrs) <= 16, "product.attrs", "at most 16")
	const exact = 1<<53 - 1 // whole numbers a browser holds exactly
	for _, name := range slices.Sorted(maps.Keys(p.Attrs)) {
		b := p.Attrs[name]
		k.that(attrName.MatchString(name), "product.attrs."+name, "a name is a-z, then a-z, 0-9 or _, at most 32")
		between(k, "product.attrs."+name+".min", b.Min, -exact, exact)
		between(k, "product.attrs."+name+".max", b.Max, b.Min, exact)
	}
}

func (l Limits) validate(k *check) {
	const most = 1_000_000
	between(k, "limits.signups_per_minute", l.SignupsPerMinute, 0, most)
	between(k, "limits.signups_burst", l.SignupsBurst, 0, most)
	between(k, "limits.requests_per_minute", l.RequestsPerMinute, 0, most)
	between(k, "limits.requests_burst", l.RequestsBurst, 0, most)
	between(k, "limits.writes_per_minute", l.WritesPerMinute, 0, most)
	between(k, "limits.writes_burst", l.WritesBurst, 0, most)
	between(k, "limits.uploads_per_minute", l.UploadsPerMinute, 0, most)
	between(k, "limits.uploads_burst", l.UploadsBurst, 0, most)
	between(k, "limits.uploads_at_once", l.UploadsAtOnce, 1, 1_000)
	between(k, "limits.logins_per_minute", l.LoginsPerMinute, 0, most/10)
	between(k, "limits.logins_burst", l.LoginsBurst, 0, most/10)
	between(k, "limits.passwords_at_once", l.PasswordsAtOnce, 0, 1_000)
	between(k, "limits.passwords_queued", l.PasswordsQueued, 0, 10_000)
}

// check keeps the first problem, so that a list of rules reads as a list.
type check struct{ first *FieldError }

func (k *check) err() error {
	if k.first == nil {
		return nil
	}
	return k.first
}

func (k *check) that(ok bool, field, problem string) {
	if !ok && k.first == nil {
		k.first = &FieldError{field, problem}
	}
}

func between[T int | int64 | Size | time.Duration](k *check, field string, n, low, high T) {
	k.that(n >= low && n <= high, field, fmt.Sprintf("must be between %v and %v, not %v", low, high, n))
}

func (k *check) oneOf(field, value string, allowed ...string) {
	k.that(slices.Contains(allowed, value), field, "must be one of "+strings.Join(allowed, ", "))
}

func (k *check) listen(field, addr string) {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	k.that(err == nil, field, "must be host:port or :port")
}

func (k *check) urls(field string, urls []string, schemes ...string) {
	k.that(len(urls) <= 8, field, "at most 8")
	for i, u := range urls {
		ok := slices.ContainsFunc(schemes, func(s string) bool { return strings.HasPrefix(u, s) && len(u) > len(s) })
		k.that(ok, fmt.Sprintf("%s[%d]", field, i), "must begin with "+strings.Join(schemes, " or "))
	}
}

func (k *check) words(field string, words []string, most int) {
	k.that(len(words) <= most, field, fmt.Sprintf("at most %d", most))
	for i, w := range words {
		at := fmt.Sprintf("%s[%d]", field, i)
		k.that(w != "" && w == strings.TrimSpace(w) && utf8.RuneCountInString(w) <= 40, at, "must be 1 to 40 characters without blanks around")
		k.that(!slices.Contains(words[:i], w), at, "is there twice")
	}
}

func isOrigin(o string) bool {
	u, err := url.Parse(o)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.Scheme+"://"+u.Host == o
}
