package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/config"
)

// openAdmin listens for operators: on a Unix socket in the data folder, and on
// admin.listen where that is set.
func openAdmin(cfg config.Config, plugins admin.Registry, people admin.People, health admin.HealthOf, o Options) (*admin.Server, error) {
	secure, err := adminTLS(cfg)
	if err != nil {
		return nil, fmt.Errorf("tls_cert, tls_key: %w", err)
	}
	if cfg.Admin.Listen != "" && secure == nil && !onLoopback(cfg.Admin.Listen) {
		o.Log.Warn("admin.listen is reached without TLS: its token can be read on the way; set tls_cert, or listen on 127.0.0.1")
	}
	return admin.Open(admin.Options{
		Socket: filepath.Join(cfg.Data, admin.SocketName),
		Listen: cfg.Admin.Listen, Token: cfg.Admin.Token.Reveal(), TLS: secure,
		Registry: plugins, People: people, Health: health, Log: o.Log,
	})
}

// adminTLS is nil on loopback, where a public certificate would not fit the name.
func adminTLS(cfg config.Config) (*tls.Config, error) {
	if cfg.Admin.Listen == "" || cfg.TLSCert == "" || onLoopback(cfg.Admin.Listen) {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return nil, err
	}
	return tlsWith(cert), nil
}

func onLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// startAdmin serves operators and watches the folder of plugins in development.
func (a *App) startAdmin(part func(name string, run func(context.Context) error)) {
	part("admin", a.admin.Run)
	if a.cfg.Watch != "" {
		part("watch_plugins", admin.NewWatch(a.cfg.Watch, a.policies.plugins, a.log).Run)
	}
}
