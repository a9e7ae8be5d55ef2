package config

import (
	"net/url"
	"time"
)

func (d Database) validate(k *check) {
	if d.URL != "" {
		u, err := url.Parse(d.URL.Reveal())
		ok := err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
		k.that(ok, "database.url", "must be postgres://user:password@host/name, with %XX for what is special in a password")
	}
	between(k, "database.max_conns", d.MaxConns, 2, 1_000)
	between(k, "database.connect_timeout", d.ConnectTimeout, 100*time.Millisecond, time.Minute)
	between(k, "database.statement_timeout", d.StatementTimeout, 100*time.Millisecond, time.Minute)
	between(k, "database.lock_timeout", d.LockTimeout, 10*time.Millisecond, time.Minute)
}
