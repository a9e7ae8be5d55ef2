package app

import (
	"sync/atomic"

	"github.com/napalmsky/napalmsky/host/steward"
	"github.com/napalmsky/napalmsky/host/store"
)

// tidied counts what the chores took away since the start.
type tidied struct{ sessions, cooldowns, departed, archived, plugins, journals atomic.Int64 }

func (t *tidied) swept(s store.Swept) {
	t.sessions.Add(int64(s.Sessions))
	t.cooldowns.Add(int64(s.Cooldowns))
	t.departed.Add(int64(s.Departed))
}

// figures are the steward's part of /v1/stats.
func (t *tidied) figures(s steward.Stats) map[string]any {
	failed := 0
	for _, n := range s.Failed {
		failed += n
	}
	return map[string]any{
		"sessions": t.sessions.Load(), "cooldowns": t.cooldowns.Load(), "departed": t.departed.Load(), "archived": t.archived.Load(), "plugins": t.plugins.Load(), "journals": t.journals.Load(),
		"failed": failed, "rounds": s.Rounds, "used": s.Memory.Used, "limit": s.Memory.Limit, "level": int(s.Level), "shed": len(s.Shed), "sheds": s.Sheds,
	}
}
