package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/napalmsky/napalmsky/host/engine"
	"github.com/napalmsky/napalmsky/host/journal"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
)

// openJournal starts the epoch's journal, if one is to be kept.
func (a *App) openJournal(e engine.Config, r reel.Config, o Options) (err error) {
	if a.cfg.Journal.Bytes == 0 {
		return nil
	}
	a.journal, err = journal.Open(
		journal.Options{Dir: filepath.Join(a.cfg.Data, "journal"), Bytes: int64(a.cfg.Journal.Bytes), Files: a.cfg.Journal.Files, Keep: a.cfg.Journal.Keep},
		journal.Header{Lobby: e.Lobby, Epoch: e.Epoch, Rules: e.Rules, Reel: r}, o.Now, o.Log)
	return err
}

// journalled has the journal hear of everything the engine does and the reel shows.
func (a *App) journalled(d engine.Deps) engine.Deps {
	if a.journal != nil {
		d.Journal, d.AtRest = a.journal.Step, a.journal.AtRest
		d.Reel = rowsOf{d.Reel, a.journal}
	}
	return d
}

// shown passes a reel's update on.
func (a *App) shown(u reel.Update) {
	if a.journal != nil {
		a.journal.Shown(u)
	}
	a.engine.Updated(u)
}

// rowsOf notes the numbers of whoever comes or changes before the reel is fed them.
type rowsOf struct {
	engine.Reel
	journal *journal.Writer
}

func (r rowsOf) Feed(it reel.Item) {
	if it.Face != nil {
		switch n := it.News.(type) {
		case lobby.Entered:
			r.journal.Row(n.Person, it.Face.Row)
		case lobby.Recast:
			r.journal.Row(n.Person, it.Face.Row)
		}
	}
	r.Reel.Feed(it)
}

func (a *App) closeJournal() {
	if a.journal == nil {
		return
	}
	if err := a.journal.Close(); err != nil {
		a.log.Error("journal not closed cleanly", "err", err)
	}
}

// OpenRanker opens a match plugin apart from any server, for journal.WhatIf: a
// .wasm file, or 'native' for the reference rule compiled in. values are its
// params by name, compiler as in Options. Close it after every Match it gave.
func OpenRanker(ctx context.Context, plugin string, values map[string]int64, compiler *wasm.Compiler) (_ journal.Ranker, close func(context.Context) error, err error) {
	if plugin == nativeHook {
		rank := func(context.Context) (policy.Match, error) { return native.Match(matchmutual.Plugin, values, 1) }
		return rank, func(context.Context) error { return nil }, nil
	}
	module, err := os.ReadFile(plugin)
	if err != nil {
		return nil, nil, err
	}
	p, err := wasm.Load(ctx, module, wasm.Options{Params: values, Compiler: compiler})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", plugin, err)
	}
	return p.Match, p.Close, nil
}
