package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	heartbeat = 15 * time.Second // so that neither side keeps a dead stream for long
	slowest   = 10 * time.Second // a reader who takes longer for one event is dropped
)

// events streams every change of the registry as a server-sent event named
// change, until the reader goes or the server stops.
func (a *api) events(w http.ResponseWriter, r *http.Request, _ string) error {
	select {
	case a.listeners <- struct{}{}:
		defer func() { <-a.listeners }()
	default:
		return refuse("busy", "As many event streams are open as there may be.")
	}
	changes, cancel := a.registry.Subscribe()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	conn := http.NewResponseController(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for text := ": listening\n\n"; ; {
		if conn.SetWriteDeadline(time.Now().Add(slowest)) != nil { // the socket's clock
			return nil
		}
		if _, err := fmt.Fprint(w, text); err != nil || conn.Flush() != nil {
			return nil // the reader is gone
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-a.stopping:
			return nil
		case <-beat.C:
			text = ":\n\n"
		case c, open := <-changes:
			if !open {
				return nil
			}
			data, err := json.Marshal(c)
			if err != nil {
				a.log.Error("change not encoded", "err", err)
				return nil
			}
			text = "event: change\ndata: " + string(data) + "\n\n"
		}
	}
}
