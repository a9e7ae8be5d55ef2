package admin

import (
	"context"
	"net/http"
	"time"
)

// Health is what an operator asks for first.
type Health struct {
	Ready    bool      `json:"ready"`
	Reasons  []string  `json:"reasons"` // why newcomers should not come now
	Since    time.Time `json:"since"`   // the server's start
	Version  string    `json:"version"`
	Readings []Reading `json:"readings"` // the first ones first
}

// Reading is one figure of this moment.
type Reading struct {
	Name  string  `json:"name"` // for people
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // people, bytes, seconds, per_second, or "" for a count
	Of    float64 `json:"of"`   // its limit, 0 none
	Bad   bool    `json:"bad"`  // somebody should look
}

// HealthOf answers a moment's Health. Safe for concurrent use.
type HealthOf func(context.Context) Health

const healthPatience = 3 * time.Second

func (a *api) health(w http.ResponseWriter, r *http.Request, _ string) error {
	ctx, cancel := context.WithTimeout(r.Context(), healthPatience)
	defer cancel()
	h := a.healthOf(ctx)
	h.Reasons, h.Readings = append([]string{}, h.Reasons...), append([]Reading{}, h.Readings...)
	a.send(w, http.StatusOK, h)
	return nil
}
