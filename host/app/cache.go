package app

import (
	"github.com/napalmsky/napalmsky/host/admin/metrics"
	"github.com/napalmsky/napalmsky/host/cache"
	"github.com/napalmsky/napalmsky/host/store"
)

// caches are all that is kept in memory of what could be read or made again.
// The zero caches keep nothing.
type caches struct {
	store *cache.Store // in front of the database
	cards *cards
}

// openCaches puts a cache before the store.
func (a *App) openCaches(o Options) (err error) {
	c := a.cfg.Cache
	if c.Bytes == 0 {
		return nil
	}
	if a.cache.cards, err = newCards(cache.Share(int64(c.Bytes), cache.CardsShare), c.Keep, o.Now); err != nil {
		return err
	}
	a.cache.store, err = cache.New(a.store, cache.Options{Bytes: int64(c.Bytes), Keep: c.Keep, Wait: a.cfg.Lobby.StoreWait, Now: o.Now})
	if err != nil {
		return err
	}
	a.store = a.cache.store
	return nil
}

// close frees what the store's Close does not.
func (c caches) close() {
	if c.cards != nil {
		c.cards.table.Close()
	}
}

// behind is the database itself, given the store that everybody uses.
func (c caches) behind(s store.Store) store.Store {
	if c.store != nil {
		return c.store.Behind()
	}
	return s
}

// shrink is what memory's steward asks for when there is little, and takes back.
func (c caches) shrink(on bool) {
	if c.store != nil {
		c.store.Shrink(on)
		c.cards.table.Shrink(on)
	}
}

func (c caches) tables() []cache.Stats {
	if c.store == nil {
		return nil
	}
	return append(c.store.Tables(), c.cards.table.Stats())
}

// figures are of each table, and hits and misses in all.
func (c caches) figures() map[string]any {
	var hits, misses uint64
	out := map[string]any{}
	for _, t := range c.tables() {
		hits, misses = hits+t.Hits, misses+t.Misses
		out[t.Name] = map[string]any{"hits": t.Hits, "misses": t.Misses, "failures": t.Failures, "evictions": t.Evictions,
			"dropped": t.Dropped, "bytes": t.Bytes, "max_bytes": t.Max}
	}
	out["hits"], out["misses"] = hits, misses
	return out
}

// hitRate is 0 to 1 over all tables; false before anything was asked.
func hitRate(tables []cache.Stats) (rate float64, asked bool) {
	var hits, all uint64
	for _, t := range tables {
		hits, all = hits+t.Hits, all+t.Hits+t.Misses
	}
	return float64(hits) / float64(max(all, 1)), all > 0
}

func ofCaches(name string, kind metrics.Kind, help string, value func(cache.Stats) float64) metric {
	return metric{Name: name, Kind: kind, Labels: []string{"table"}, Help: help, Read: func(m moment, show func(float64, ...string)) {
		for _, t := range m.caches {
			show(value(t), t.Name)
		}
	}}
}
