package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// moderator lets what operators decide hold at once.
type moderator struct {
	store.Store
	door lobbyDoor
	now  func() time.Time
	log  *slog.Logger
}

// Rule implements admin.People. The log has who decided what about whom; the
// reason is in the store.
func (m moderator) Rule(ctx context.Context, who string, id lobby.PersonID, action, reason string) (store.Ruling, error) {
	r := store.Ruling{Person: id, At: m.now().UnixMilli(), By: who, Action: action, Reason: reason}
	if err := m.Store.Rule(ctx, r); err != nil {
		return r, fmt.Errorf("%s: %w", action, err)
	}
	m.log.Info("operator decided", "who", who, "action", action, "person", int64(id))
	if action == store.Ban {
		m.door.end(id, conn.CloseBanned, nil)
	}
	return r, nil
}
