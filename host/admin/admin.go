// Package admin is the operators' door: an HTTP API under /admin/v1 and a small
// console page under /admin/, on a Unix socket in the data folder and, where
// configured, on TCP. schemas/http/admin.yaml describes every route; a test
// keeps the two alike.
//
// It decides who may come in and how answers look; what a load or a roll back
// does is the Registry's, what a ban does is People's.
package admin

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// Registry is what operators work on. Safe for concurrent use. who is who asked,
// for the audit log. Errors are registry's sentinels and policy.ErrRefused,
// wrapped in one sentence for people; any other is the server's own trouble.
type Registry interface {
	// LoadFor puts a module in service for every hook it answers, or as the options
	// narrow it. signature may be empty. module is the registry's to keep.
	LoadFor(ctx context.Context, who string, module, signature []byte, o registry.LoadOptions) (registry.Version, []registry.Generation, error)
	// Inspect checks a module as Load does and changes nothing.
	Inspect(ctx context.Context, module []byte) (registry.Version, error)
	// Set turns the named knobs of a serving plugin; the others stay.
	Set(ctx context.Context, who, plugin string, params map[string]int64) (registry.Generation, error)
	Rollback(ctx context.Context, who string, hook registry.Hook) (registry.Generation, error)
	Pause(ctx context.Context, who string, hook registry.Hook) (registry.Generation, error)
	Resume(ctx context.Context, who string, hook registry.Hook) (registry.Generation, error)
	Status() registry.Status
	// History answers up to limit changes before a moment (Unix ms; 0: from the
	// newest on), newest first.
	History(ctx context.Context, before int64, limit int) ([]registry.Change, error)
	// Subscribe tells of every change from now on, until cancel. Who falls far
	// behind loses the oldest. The channel is closed when the registry is.
	Subscribe() (changes <-chan registry.Change, cancel func())
}

// MaxModule bounds a module, in bytes.
const MaxModule = 16 << 20

// uploadsAtOnce bounds the modules held in memory for requests.
const uploadsAtOnce = 2

// listenersAtOnce bounds the event streams of one door.
const listenersAtOnce = 8

// guard says who asks, or answers a *fault.
type guard func(*http.Request) (who string, err error)

// api is the routes' shared state; immutable.
type api struct {
	registry  Registry
	healthOf  HealthOf
	people    People
	log       *slog.Logger
	who       guard
	uploads   chan struct{}
	listeners chan struct{}
	stopping  <-chan struct{} // closed when the server stops
}

// route is one line of the table that routes and a test walk.
type route struct {
	method, path string // path as in net/http's patterns
	handle       func(*api, http.ResponseWriter, *http.Request, string) error
}

var routes = []route{
	{"GET", "/admin/v1/health", (*api).health},
	{"GET", "/admin/v1/status", (*api).status},
	{"GET", "/admin/v1/history", (*api).history},
	{"GET", "/admin/v1/events", (*api).events},
	{"POST", "/admin/v1/plugins", (*api).load},
	{"POST", "/admin/v1/plugins/inspect", (*api).inspect},
	{"PUT", "/admin/v1/plugins/{name}/params", (*api).set},
	{"POST", "/admin/v1/hooks/{hook}/rollback", (*api).rollback},
	{"POST", "/admin/v1/hooks/{hook}/pause", (*api).pause},
	{"POST", "/admin/v1/hooks/{hook}/resume", (*api).resume},
	{"GET", "/admin/v1/reports", (*api).reports},
	{"GET", "/admin/v1/rulings", (*api).rulings},
	{"GET", "/admin/v1/people", (*api).findPeople},
	{"GET", "/admin/v1/people/{id}", (*api).person},
	{"POST", "/admin/v1/people/{id}/ban", (*api).ban},
	{"POST", "/admin/v1/people/{id}/unban", (*api).unban},
	{"POST", "/admin/v1/people/{id}/vindicate", (*api).vindicate},
}

// newHandler makes the routes and the page. who guards every route of the API;
// the page itself holds nothing secret.
func newHandler(o Options, who guard, stopping <-chan struct{}) http.Handler {
	a := &api{
		registry: o.Registry, people: o.People, healthOf: o.Health, log: o.Log, who: who, stopping: stopping,
		uploads: make(chan struct{}, uploadsAtOnce), listeners: make(chan struct{}, listenersAtOnce),
	}
	mux, methods := http.NewServeMux(), map[string]string{}
	for _, rt := range routes {
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, req *http.Request) {
			a.answer(w, req, rt.handle)
		})
		methods[rt.path] = rt.method
	}
	for path, allowed := range methods { // less specific, so only other methods come here
		mux.HandleFunc(path, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Allow", allowed)
			a.answer(w, req, func(*api, http.ResponseWriter, *http.Request, string) error { return refuse("bad_method", "") })
		})
	}
	mux.HandleFunc("/admin/v1/", func(w http.ResponseWriter, req *http.Request) {
		a.answer(w, req, func(*api, http.ResponseWriter, *http.Request, string) error { return refuse("not_found", "") })
	})
	page := newPage(embedded)
	mux.Handle("/admin/", page)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/admin/", http.StatusSeeOther)
	})
	return mux
}

// answer runs one route behind the guard, and turns its error into an answer.
func (a *api) answer(w http.ResponseWriter, r *http.Request, handle func(*api, http.ResponseWriter, *http.Request, string) error) {
	headers(w.Header())
	who, err := a.who(r)
	if err == nil {
		err = handle(a, w, r, who)
	}
	if err != nil {
		a.fail(w, r, err)
	}
}

// headers: what the API answers is data, never a page, and nobody's to keep.
func headers(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
