package bot

import (
	"context"
	"fmt"
	"net/http"
)

const historyPage = 100 // calls; the most the server gives at once

// WholeHistory reads all calls, page by page, newest first, and the cooldowns
// that run.
func (p *Person) WholeHistory(ctx context.Context) (History, error) {
	var all History
	for before := int64(0); ; {
		var h History
		path := fmt.Sprintf("/v1/me/history?limit=%d&before=%d", historyPage, before)
		if err := p.client.call(ctx, "history", http.MethodGet, path, p.Token, nil, "", &h); err != nil {
			return all, err
		}
		all.Calls, all.Cooldowns = append(all.Calls, h.Calls...), h.Cooldowns
		if len(h.Calls) < historyPage {
			return all, nil
		}
		before = h.Calls[len(h.Calls)-1].StartedAt
	}
}
