package author

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Facts are what a check found out about a module that would be loaded.
type Facts struct {
	Digest   string // hex SHA-256
	Bytes    int
	Manifest abi.Manifest
	Attrs    []string      // the product's attributes it reads
	Product  bool          // and the product is known to have them
	Load     time.Duration // all that is done before it may serve
	Start    time.Duration // of one instance, compiled already
	Memory   int           // bytes of one instance that was asked something
}

// Checking is what a check rests on. The zero value will do.
type Checking struct {
	Cache    string         // keeps compiled code; "": a folder of its own that is removed
	Compiler *wasm.Compiler // the server's; nil compiles in this process
	Attrs    []string       // the product's own attributes; empty: it has none; nil: they are not known
}

// Check takes a module through all that a server does before it lets one serve:
// registry.Check with the limits a server has by default. The error wraps
// policy.ErrRefused where the plugin is to blame; Why makes a sentence of it.
func Check(ctx context.Context, module []byte, o Checking) (f Facts, err error) {
	cache := o.Cache
	if cache == "" {
		if cache, err = os.MkdirTemp("", "napalmsky-plugin-check"); err != nil {
			return f, err
		}
		defer os.RemoveAll(cache)
	}
	f = Facts{Digest: digest(module), Bytes: len(module)}
	began := time.Now()
	v, err := registry.Check(ctx, registry.Config{CacheDir: cache, Compiler: o.Compiler, Attrs: o.Attrs}, registry.Deps{}, module, nil)
	if err != nil {
		return f, err
	}
	f.Attrs, f.Product = v.Attrs, o.Attrs != nil
	f.Load = time.Since(began)
	p, err := load(ctx, module, nil, cache)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, p.Close(ctx)) }()
	f.Manifest = p.Manifest()
	return f, f.measure(ctx, p)
}

// measure starts one more instance and asks it a first question.
func (f *Facts) measure(ctx context.Context, p *wasm.Plugin) error {
	if !slices.Contains(f.Manifest.Hooks, abi.HookMatch) {
		f.Memory = int(p.Figures().MemBytes) // of the one that loading keeps warm
		return nil
	}
	before, began := p.Figures().MemBytes, time.Now()
	m, err := p.Match(ctx)
	if err != nil {
		return err
	}
	f.Start = time.Since(began)
	var out [policy.MaxRowsPerCall]int32
	err = m.Score(ctx, 0, 0, 0, out[:])
	f.Memory = int(p.Figures().MemBytes - before)
	return errors.Join(err, m.Close(ctx))
}

// Why is an error of Check as one sentence for people.
func Why(err error) string {
	why := err.Error()
	if _, after, refused := strings.Cut(why, policy.ErrRefused.Error()+": "); refused {
		why = after
	}
	why, _, _ = strings.Cut(why, "\n")
	for _, hook := range []string{abi.HookMatch, abi.HookCooldown, abi.HookTrim, abi.HookSignalling} {
		why = strings.Replace(why, "wasm: "+hook+": ", "", 1) // which hook is said already
	}
	return why
}

// Write lays the facts out for people.
func (f Facts) Write(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t"+format+"\n", append([]any{what}, args...)...)
	}
	m := f.Manifest
	line("plugin", "%s %s", m.Name, m.Version)
	line("hooks", "%s", strings.Join(m.Hooks, ", "))
	line("size", "%s", Size(f.Bytes))
	line("sha256", "%s", f.Digest)
	if m.Rows != nil {
		line("row", "%d bytes: %s", m.Rows.Size, fieldsOf(m.Rows))
	}
	if len(f.Attrs) > 0 {
		needs := strings.Join(f.Attrs, ", ")
		if !f.Product {
			needs += ": a server refuses it unless its product.attrs names them (--config FILE looks)"
		}
		line("attributes", "%s", needs)
	}
	if m.Case != nil {
		line("case", "%d bytes: %s", m.Case.Size, fieldsOf(m.Case))
	}
	if m.Params != nil {
		for i, p := range m.Params.Fields {
			what := "params"
			if i > 0 {
				what = ""
			}
			line(what, "%s = %d (%s)", p.Name, p.Default, strings.Join(notes(p), ", "))
		}
	}
	memory := Size(f.Memory) + " an instance"
	if m.MemoryPages > 0 {
		memory += ", asks for up to " + Size(int(m.MemoryPages)<<16)
	}
	line("memory", "%s", memory)
	line("load", "%s, nothing cached", f.Load.Round(time.Millisecond))
	if f.Start > 0 {
		line("start", "%s an instance", f.Start.Round(10*time.Microsecond))
	}
	return w.Flush()
}

func notes(p abi.Param) []string {
	all := []string{string(p.Type), fmt.Sprintf("%d to %d %s", p.Min, p.Max, p.Unit), p.Help}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func fieldsOf(l *abi.Layout) string {
	var all []string
	for _, f := range l.Fields {
		all = append(all, fmt.Sprintf("%s %s at %d", f.Name, f.Type, f.Offset))
	}
	return strings.Join(all, ", ")
}

// Size spells bytes as people do: 812 bytes, 6.1 KiB, 1.9 MiB.
func Size(bytes int) string {
	switch {
	case bytes < 1<<10:
		return fmt.Sprintf("%d bytes", bytes)
	case bytes < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
