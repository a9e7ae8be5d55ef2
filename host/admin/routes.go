package admin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

const (
	patience     = 10 * time.Second // for a change that compiles nothing
	loadPatience = 2 * time.Minute  // a large module on a small machine
	maxSignature = 4 << 10          // characters
	historyLimit = 50
	historyMost  = 200
)

func (a *api) status(w http.ResponseWriter, _ *http.Request, _ string) error {
	s := a.registry.Status()
	a.send(w, http.StatusOK, registry.Status{Serving: each(s.Serving, generation), Versions: each(s.Versions, version)})
	return nil
}

// Page is one answer of the history.
type Page struct {
	Changes []registry.Change `json:"changes"`
	Next    int64             `json:"next"` // what to send as before for the changes that follow; 0: there are none
}

func (a *api) history(w http.ResponseWriter, r *http.Request, _ string) error {
	before, err := number(r, "before", 0, 0, 1<<53)
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", historyLimit, 1, historyMost)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	changes, err := a.registry.History(ctx, before, int(limit))
	if err != nil {
		return err
	}
	page := Page{Changes: each(changes, func(c registry.Change) registry.Change { return c })}
	if len(changes) >= int(limit) {
		page.Next = changes[len(changes)-1].At.UnixMilli()
	}
	a.send(w, http.StatusOK, page)
	return nil
}

// Loaded is the answer to a load.
type Loaded struct {
	Version     registry.Version      `json:"version"`
	Generations []registry.Generation `json:"generations"` // what serves now, one for each of its hooks
}

func (a *api) load(w http.ResponseWriter, r *http.Request, who string) error {
	text := r.Header.Get("X-Signature")
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(text) > maxSignature {
		return refuse("bad_request", "X-Signature must be base64.")
	}
	again, err := number(r, "again", 0, 0, 1)
	if err != nil {
		return err
	}
	return a.withModule(w, r, func(ctx context.Context, module []byte) (any, error) {
		v, generations, err := a.registry.LoadFor(ctx, who, module, signature, registry.LoadOptions{Again: again == 1})
		return Loaded{version(v), each(generations, generation)}, err
	})
}

func (a *api) inspect(w http.ResponseWriter, r *http.Request, _ string) error {
	return a.withModule(w, r, func(ctx context.Context, module []byte) (any, error) {
		v, err := a.registry.Inspect(ctx, module)
		return version(v), err
	})
}

// withModule reads the body as a module, a few at once, and answers what do does.
func (a *api) withModule(w http.ResponseWriter, r *http.Request, do func(context.Context, []byte) (any, error)) error {
	select {
	case a.uploads <- struct{}{}:
		defer func() { <-a.uploads }()
	default:
		return refuse("busy", "")
	}
	module, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxModule))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return refuse("too_large", "")
	case err != nil:
		return refuse("bad_request", "The module did not arrive whole.")
	case len(module) == 0:
		return refuse("bad_request", "The body must be a module.")
	}
	ctx, cancel := context.WithTimeout(r.Context(), loadPatience)
	defer cancel()
	answer, err := do(ctx, module)
	if err != nil {
		return err
	}
	a.send(w, http.StatusOK, answer)
	return nil
}

func (a *api) set(w http.ResponseWriter, r *http.Request, who string) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxParams))
	if err != nil {
		return refuse("bad_request", "The parameters are too long, or did not arrive whole.")
	}
	params, err := readParams(body)
	if err != nil {
		return err
	}
	return a.change(w, r, func(ctx context.Context) (registry.Generation, error) {
		return a.registry.Set(ctx, who, r.PathValue("name"), params)
	})
}

func (a *api) rollback(w http.ResponseWriter, r *http.Request, who string) error {
	return a.onHook(w, r, who, a.registry.Rollback)
}

func (a *api) pause(w http.ResponseWriter, r *http.Request, who string) error {
	return a.onHook(w, r, who, a.registry.Pause)
}

func (a *api) resume(w http.ResponseWriter, r *http.Request, who string) error {
	return a.onHook(w, r, who, a.registry.Resume)
}

func (a *api) onHook(w http.ResponseWriter, r *http.Request, who string, do func(context.Context, string, registry.Hook) (registry.Generation, error)) error {
	hook := registry.Hook(r.PathValue("hook"))
	if !slices.Contains(registry.Hooks[:], hook) {
		return refuse("no_such", fmt.Sprintf("There is no hook %.20q; there are %s.", hook, registry.HookNames()))
	}
	return a.change(w, r, func(ctx context.Context) (registry.Generation, error) { return do(ctx, who, hook) })
}

func (a *api) change(w http.ResponseWriter, r *http.Request, do func(context.Context) (registry.Generation, error)) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	g, err := do(ctx)
	if err != nil {
		return err
	}
	a.send(w, http.StatusOK, generation(g))
	return nil
}

// number reads a query parameter; an absent one is standard.
func number(r *http.Request, name string, standard, least, most int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, refuse("bad_request", fmt.Sprintf("%s must be a whole number from %d to %d.", name, least, most))
	}
	return n, nil
}

// In JSON a list is [] and a map is {}, never null: generation and version see
// to it, in copies, for what they hold is the registry's.

func generation(g registry.Generation) registry.Generation {
	if g.Params == nil {
		g.Params = map[string]int64{}
	}
	return g
}

func version(v registry.Version) registry.Version {
	v.Hooks, v.Params = append([]registry.Hook{}, v.Hooks...), append([]abi.Param{}, v.Params...)
	return v
}

func each[T any](list []T, tidy func(T) T) []T {
	out := make([]T, len(list))
	for i, item := range list {
		out[i] = tidy(item)
	}
	return out
}
