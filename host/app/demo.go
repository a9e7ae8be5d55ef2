package app

import (
	"context"
	"crypto/tls"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// startDemo brings the simulated people the configuration asks for, over real
// sockets. The channel is closed once all have gone home, after ctx ended.
func (a *App) startDemo(ctx context.Context) <-chan struct{} {
	home := make(chan struct{})
	if a.cfg.Demo == 0 {
		close(home)
		return home
	}
	go func() {
		defer close(home)
		err := bot.Demo(ctx, bot.DemoConfig{
			Target: a.URL(), N: a.cfg.Demo, Seed: 1, Habits: bot.Workload(sdp.Offer, sdp.Answer), Log: a.log,
			// Our own address on this machine, whatever name the certificate has.
			Client: bot.Options{TLS: &tls.Config{InsecureSkipVerify: true}},
		})
		if err != nil && ctx.Err() == nil {
			a.log.Error("the demo crowd did not come", "err", err)
		}
	}()
	return home
}
