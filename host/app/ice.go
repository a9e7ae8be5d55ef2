package app

import (
	"time"

	"github.com/napalmsky/napalmsky/host/api"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/ice"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// relays says the operator's servers in the words of those who pass them on:
// the lobby when a call starts, the API when its logins grow old.
type relays struct{ ice.ICE }

func newRelays(c config.Config) relays {
	return relays{ice.ICE{STUN: c.STUN.URLs, URLs: c.TURN.URLs, Secret: c.TURN.Secret.Reveal(), TTL: c.TURN.TTL}}
}

func (r relays) forCall(p lobby.PersonID, now time.Time) ([]wire.ICEServer, int64) {
	return inWords[wire.ICEServer](r.Grant(p, now))
}

func (r relays) forAPI(p lobby.PersonID, now time.Time) ([]api.ICEServer, int64) {
	return inWords[api.ICEServer](r.Grant(p, now))
}

func inWords[T wire.ICEServer | api.ICEServer](g ice.Grant) (servers []T, until int64) {
	servers = make([]T, len(g.Servers))
	for i, s := range g.Servers {
		servers[i] = T(s)
	}
	return servers, g.Until
}
