package app_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/journal"
)

// TestTheServerJournalsItsEvening: what a whole server did over real sockets
// verifies afterwards, and the plugin that ranked it is found to rank it so.
func TestTheServerJournalsItsEvening(t *testing.T) {
	data := t.TempDir() // before the clean-up that reads it
	t.Cleanup(func() {  // runs when the server has ended
		ctx := context.Background()
		files, err := journal.Files(filepath.Join(data, "journal"))
		if err != nil || len(files) != 1 {
			t.Fatalf("journals: %v, %v", files, err)
		}
		file, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		r, err := journal.Verify(ctx, bytes.NewReader(file))
		if err != nil || !r.OK() || r.Ending != "in good order" {
			t.Fatalf("%+v, %v", r, err)
		}
		if r.Rows != 2 || r.Shown == 0 || r.Events["accept"] != 1 || r.Events["chat"] != 1 || r.Events["end"] != 1 ||
			len(r.Generations) != 1 || r.Generations[0].Name != "match-mutual@1.0.0" {
			t.Errorf("%+v", r)
		}
		rank, closePlugin, err := app.OpenRanker(ctx, filepath.Join(pluginDir, "match-mutual.wasm"), map[string]int64{"tag_weight": 20}, compiler())
		if err != nil {
			t.Fatal(err)
		}
		c, err := journal.WhatIf(ctx, bytes.NewReader(file), rank, 10*time.Millisecond)
		if err != nil || c.Note != "" || c.Invites != 1 || c.Rule.Digest != r.Generations[0].Digest || c.OtherSide.Eligible != 1 {
			t.Errorf("%+v, %v", c, err)
		}
		if err := closePlugin(ctx); err != nil {
			t.Error(err)
		}
	})
	a := startApp(t, func(c *config.Config) { c.Data = data })
	ctx := within(t, 20*time.Second)
	ann, bob := join(t, ctx, a.URL(), "ann"), join(t, ctx, a.URL(), "bob")
	call := talk(t, ctx, ann, bob)
	if err := ann.Chat(ctx, call, "hello"); err != nil {
		t.Fatal(err)
	}
	if err := ann.End(ctx, call); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.WaitEnd(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestNoJournalWhereNoneIsWanted(t *testing.T) {
	var data string
	a := startApp(t, func(c *config.Config) { data, c.Journal.Bytes = c.Data, 0 })
	join(t, within(t, 20*time.Second), a.URL(), "ann")
	if _, err := os.Stat(filepath.Join(data, "journal")); !os.IsNotExist(err) {
		t.Errorf("there is one: %v", err)
	}
}
