package app

import (
	"fmt"
	"net"

	"github.com/napalmsky/napalmsky/host/config"
)

// portsFree finds out whether the addresses can be listened at, before the
// database is waited for and plugins are compiled. It lets go of them again: a
// server that waits for its database does so with its ports closed.
func portsFree(cfg config.Config, o Options) error {
	ports := []struct{ setting, address string }{{"admin.listen", cfg.Admin.Listen}}
	if o.Listener == nil {
		ports = append(ports, struct{ setting, address string }{"listen", cfg.Listen})
	}
	if cfg.LAN {
		ports = append(ports, struct{ setting, address string }{"lan_listen", cfg.LANListen})
	}
	for _, p := range ports {
		if p.address == "" {
			continue
		}
		ln, err := net.Listen("tcp", p.address)
		if err != nil {
			return fmt.Errorf("%s: %w", p.setting, err)
		}
		if err := ln.Close(); err != nil {
			return fmt.Errorf("%s: %w", p.setting, err)
		}
	}
	return nil
}
