package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
)

// DropUnused deletes the plugins, file and row, that were loaded before since
// and have served no hook from then on, and answers how many. What serves (also
// paused), is warm or still leased stays, and so does what a roll back of any
// hook would return to; their generations and the audit log stay in any case,
// and a line of it says who went. While an operator's change is under way it
// does nothing: the next call will. Errors are the store's and the folder's.
func (r *Registry) DropUnused(ctx context.Context, since time.Time) (gone int, err error) {
	if len(r.idle(since)) == 0 || !r.loading.try() {
		return 0, nil
	}
	defer r.loading.free() // nobody is about to put one of them in service
	if !r.acting.try() {
		return 0, nil
	}
	defer r.acting.free()
	if r.isClosed() != nil {
		return 0, nil
	}
	keep, err := r.needed(ctx, since)
	if err != nil {
		return 0, fmt.Errorf("registry: drop unused: %w", err)
	}
	for _, v := range r.idle(since) {
		if keep[v.digest] {
			continue
		}
		if err := r.drop(ctx, v, since); err != nil {
			return gone, fmt.Errorf("registry: drop unused %.12s: %w", v.digest, err)
		}
		gone++
	}
	return gone, nil
}

// idle lists the files that are old and not open: what serves, is paused, warm
// or draining is open.
func (r *Registry) idle(since time.Time) (all []*version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := map[*version]bool{}
	for run := range r.runs {
		open[run.version] = true
	}
	for _, v := range r.versions {
		if !open[v] && !v.isNative() && v.loadedAt.Before(since) {
			all = append(all, v)
		}
	}
	return all
}

// needed lists what served since then, and what a roll back would return to.
func (r *Registry) needed(ctx context.Context, since time.Time) (map[string]bool, error) {
	digests, err := r.deps.Store.PluginsServedSince(ctx, since.UnixMilli())
	if err != nil {
		return nil, err
	}
	for _, h := range Hooks {
		row, err := r.former(ctx, r.slots[h], r.slots[h].now.Load().back)
		if err != nil && !errors.Is(err, ErrNothingBefore) {
			return nil, err
		}
		digests = append(digests, row.Digest)
	}
	keep := map[string]bool{}
	for _, d := range digests {
		keep[d] = true
	}
	return keep, nil
}

// drop forgets one version. Its file goes aside before its row goes, and is
// deleted after: whenever the process dies, Open finds either both or neither.
// Under loading and acting.
func (r *Registry) drop(ctx context.Context, v *version, since time.Time) error {
	if err := r.files.setAside(v.digest); err != nil {
		return err
	}
	c := Change{
		At: r.tick(), Who: us, Action: "delete", Digest: v.digest, Before: v.title(),
		Result: "ok", After: "has served no hook since " + since.UTC().Format(time.DateOnly),
	}
	err := r.save(ctx, store.PluginSave{Gone: []string{v.digest}, Changes: []store.PluginChange{changeRow(c)}}, false)
	if err != nil {
		return errors.Join(err, r.files.bringBack(v.digest))
	}
	r.mu.Lock()
	delete(r.versions, v.digest)
	for h, use := range v.use {
		r.past[h].plus(use)
	}
	r.mu.Unlock()
	r.announce(c)
	return r.files.remove(v.digest)
}

// former finds the generation that a roll back to a revision returns to: that
// one or, where its plugin is in quarantine or was deleted, the one before it.
func (r *Registry) former(ctx context.Context, s *slot, back int) (store.PluginGeneration, error) {
	for back != 0 {
		row, err := r.deps.Store.PluginGeneration(ctx, string(s.hook), back)
		if err != nil {
			return row, err
		}
		if r.canServe(row.Digest) {
			return row, nil
		}
		back = row.Back
	}
	return store.PluginGeneration{}, fmt.Errorf("%s: %w", s.hook, ErrNothingBefore)
}
