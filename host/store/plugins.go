package store

import (
	"context"
	"fmt"
	"slices"
)

// Plugins keeps which plugin versions there are, which generations of them have
// served each hook, and who changed that. The plugins' bytes are not in here.
type Plugins interface {
	// SavePlugins stores all of s or nothing. Repeating it word by word is no
	// conflict. ErrConflict: a generation or a change is there already, and another.
	SavePlugins(ctx context.Context, s PluginSave) error
	// PluginVersions reads all of them, the first loaded first.
	PluginVersions(ctx context.Context) ([]PluginVersion, error)
	// PluginGeneration reads one revision of a hook; 0 is the latest. ErrNotFound.
	PluginGeneration(ctx context.Context, hook string, rev int) (PluginGeneration, error)
	// PluginsServedSince lists the digests of all that served a hook at some moment
	// after a time (ms): what serves now, and what was replaced since. Each once.
	PluginsServedSince(ctx context.Context, since int64) ([]string, error)
	// PluginChanges reads the audit log, newest first: those before `before` (ms;
	// 0 = all), at most limit.
	PluginChanges(ctx context.Context, before int64, limit int) ([]PluginChange, error)
}

// PluginSave is what one operator's action leaves behind.
type PluginSave struct {
	Versions    []PluginVersion    // each replaces what was known of its digest
	Generations []PluginGeneration // new ones
	Changes     []PluginChange     // appended to the audit log
	Gone        []string           // digests of versions to forget; their generations stay, unknown ones are no error
}

// PluginVersion is one plugin file.
type PluginVersion struct {
	Digest      string // hex SHA-256
	About       string // JSON, what its manifest says; no query looks into it
	Bytes       int64
	LoadedAt    int64  // ms
	Quarantined string // why; "" it is not
}

// PluginGeneration is one revision of what serves a hook.
type PluginGeneration struct {
	Hook   string
	Rev    int    // from 1; the greatest one serves
	Digest string // a version's, or "native:…" for a rule compiled in
	Name   string
	Params string // JSON object of integers
	Paused bool
	Back   int   // the revision a roll back returns to; 0 none
	Since  int64 // ms
	By     string
}

// PluginChange is one line of the audit log.
type PluginChange struct {
	At     int64 // ms; no two lines have the same
	Who    string
	Action string
	Hook   string // "" none
	Digest string
	Before string
	After  string
	Result string // "ok", or why not
}

// Check says whether s can be stored at all: ErrConflict for a version without
// a digest, a generation without hook or revision, a change without a time.
// Backends call it first.
func (s PluginSave) Check() error {
	for _, v := range s.Versions {
		if v.Digest == "" {
			return fmt.Errorf("plugin version without digest: %w", ErrConflict)
		}
	}
	if slices.Contains(s.Gone, "") {
		return fmt.Errorf("no digest of a version to forget: %w", ErrConflict)
	}
	for _, g := range s.Generations {
		if g.Hook == "" || g.Rev < 1 || g.Back < 0 || g.Back >= g.Rev {
			return fmt.Errorf("plugin generation %q/%d, back to %d: %w", g.Hook, g.Rev, g.Back, ErrConflict)
		}
	}
	for _, c := range s.Changes {
		if c.At <= 0 {
			return fmt.Errorf("plugin change at %d: %w", c.At, ErrConflict)
		}
	}
	return nil
}
