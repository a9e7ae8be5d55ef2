// Package api is HTTP for people: guest sign-up, accounts, log in and out, me,
// profile, photo, history, export, deletion, fresh relay logins. Live things (lobby, reel, invites, calls) are the
// WebSocket's, see package conn. schemas/http/openapi.yaml describes every route; a test keeps
// the two alike.
//
// Nothing is cached: each request asks the store who is logged in, and answers
// success only for what the store has acknowledged.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// SessionCookie holds the token of a browser's login.
const SessionCookie = "sky_session"

// Meetings is the part of the store that knows what people did.
type Meetings interface {
	History(ctx context.Context, id lobby.PersonID, before int64, limit int) ([]store.Meeting, error)
	Cooldowns(ctx context.Context, id lobby.PersonID, now int64) ([]store.Cooldown, error)
}

// Media keeps photos by content. Safe for concurrent use.
type Media interface {
	// Put reads one image, re-encodes it and answers its id. Errors that Are
	// Deps.TooBig or Deps.NotImage are the sender's fault.
	Put(ctx context.Context, image io.Reader) (id string, err error)
	// Open answers a JPEG and when it was stored; the caller closes it. Deps.NoMedia.
	Open(id string) (io.ReadSeekCloser, time.Time, error)
	// Remove deletes a photo; what is not there is no error.
	Remove(id string) error
}

// Lobby hears of what changed here. Neither method may block.
type Lobby interface {
	// Changed: the person's profile was stored; p is the stored state.
	Changed(id lobby.PersonID, p store.Person)
	// Ended: the person's sessions ended in the store, but for those whose token's
	// hash keep accepts (nil: all ended). Their sockets end now, told why.
	Ended(id lobby.PersonID, why Ending, keep func(hash string) bool)
}

// Ending is why sessions ended.
type Ending int

const (
	LoggedOut Ending = iota // by themselves, there
	Elsewhere               // by a login on another device
	Revoked                 // by themselves, from another device
	Deleted                 // with the person
	Returned                // not at all: whom the person may meet changed, they come in anew
)

// Passwords hashes, a few at a time. Errors that Are Deps.Busy: nothing was
// computed, try again. Safe for concurrent use.
type Passwords interface {
	Hash(ctx context.Context, password string) (phc string, err error)
	// Verify: an empty phc is nobody's, and takes as long.
	Verify(ctx context.Context, phc, password string) (bool, error)
	// Fingerprint is slow, too, and equal for equal texts.
	Fingerprint(ctx context.Context, text string) (string, error)
}

// Deps is what the routes work with; every field is needed.
type Deps struct {
	People    store.People
	Accounts  store.Accounts
	Meetings  Meetings
	Media     Media
	Lobby     Lobby
	Passwords Passwords
	// Forget takes a person out of whatever else knows them (the journal).
	Forget func(ctx context.Context, id lobby.PersonID) error

	// ICE makes the servers and relay logins of calls.
	ICE ICE

	TooBig, NotImage, NoMedia error // Media's sentinels
	Busy                      error // Passwords'

	NewID     func() int64
	NewToken  func() (token, hash string, err error) // a fresh session token and what the store keeps of it
	HashToken func(token string) (hash string)
	Online    func() int // people connected now
	// Figures are an operator's: counters and gauges by group, for clients on this
	// very machine only (the load generator). Nil answers none.
	Figures func() map[string]any
	// Ready answers why newcomers should not be sent here now, a short phrase each; none: they may be.
	Ready func(ctx context.Context) (reasons []string)
	// Metrics answers Prometheus; asked only by this machine and Config.MetricsFrom.
	Metrics http.Handler

	Now func() time.Time
	Log *slog.Logger
}

// api is the routes' shared state; immutable but for the limits, which lock.
type api struct {
	Deps
	cfg     config.Config
	profile rules
	origins *http.CrossOriginProtection
	options []byte // GET /v1/options, encoded

	requests, signups *limiter[addressKey]
	writes, photos    *limiter[lobby.PersonID]
	logins            *guesses
	intake            *intake       // photos on their way in
	uploads           chan struct{} // one slot per photo being scaled
}

const (
	patience       = 10 * time.Second // for a request, and for its body to arrive
	uploadPatience = 30 * time.Second
	bodyPatience   = 15 * time.Second // of those, for the photo to arrive
	maxBody        = 64 << 10         // bytes of JSON
	maxPhoto       = 5 << 20          // bytes
	maxHeld        = 16 * maxPhoto    // bytes of photos that were not scaled yet
)

// New makes an echo with every route of this package. The caller mounts the
// WebSocket and the pages on it; panics, errors and the access log of those are
// taken care of too, security headers and timeouts are not. cfg must be valid.
func New(d Deps, cfg config.Config) *echo.Echo {
	l := cfg.Limits
	a := &api{
		Deps: d, cfg: cfg, profile: newRules(cfg.Product), options: encodeOptions(cfg), origins: http.NewCrossOriginProtection(),
		requests: newLimiter[addressKey](l.RequestsPerMinute, l.RequestsBurst),
		signups:  newLimiter[addressKey](l.SignupsPerMinute, l.SignupsBurst),
		writes:   newLimiter[lobby.PersonID](l.WritesPerMinute, l.WritesBurst),
		photos:   newLimiter[lobby.PersonID](l.UploadsPerMinute, l.UploadsBurst),
		logins:   newGuesses(l.LoginsPerMinute, l.LoginsBurst),
		intake:   newIntake(maxHeld),
		uploads:  make(chan struct{}, l.UploadsAtOnce),
	}
	for _, o := range cfg.Origins {
		if err := a.origins.AddTrustedOrigin(o); err != nil {
			panic(err) // cfg.Validate refuses such an origin
		}
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = a.answerError
	e.IPExtractor = func(r *http.Request) string { return Address(r, cfg.TrustedProxies).String() }
	e.Use(a.logAccess, a.survive)
	a.routes(e)
	return e
}

func (a *api) routes(e *echo.Echo) {
	e.GET("/healthz", a.health, headers)
	e.GET("/readyz", a.ready, headers, deadline(patience))
	e.GET("/metrics", a.metrics, headers, deadline(patience))
	// Middleware per route, not per group: a group's would answer 404 where 405 is true.
	v1 := func(method, path string, h echo.HandlerFunc, more ...echo.MiddlewareFunc) {
		e.Add(method, "/v1"+path, h, append([]echo.MiddlewareFunc{headers, a.sameOrigin}, more...)...)
	}
	v1(http.MethodGet, "/options", a.getOptions)
	v1(http.MethodGet, "/stats", a.getStats)
	v1(http.MethodGet, "/media/:id", a.getMedia)

	within, fair := deadline(patience), a.perAddress(a.requests)
	v1(http.MethodPost, "/guests", a.signUp, within, fair, a.perAddress(a.signups))
	v1(http.MethodPost, "/login", a.login, within, fair)
	v1(http.MethodPost, "/logout", a.as(a.logout), within, fair)
	v1(http.MethodPost, "/logout/all", a.as(a.logoutAll), within, fair)
	v1(http.MethodGet, "/me", a.as(a.getMe), within, fair)
	v1(http.MethodDelete, "/me", a.as(a.deleteMe), deadline(uploadPatience), fair)
	v1(http.MethodGet, "/me/export", a.as(a.getExport), deadline(uploadPatience), fair)
	v1(http.MethodPut, "/me/account", a.as(a.putAccount), within, fair)
	v1(http.MethodPut, "/me/password", a.as(a.putPassword), within, fair)
	v1(http.MethodGet, "/me/ice", a.as(a.getICE), within, fair)
	v1(http.MethodGet, "/me/history", a.as(a.getHistory), within, fair)
	v1(http.MethodPut, "/me/profile", a.as(a.putProfile), within, fair)
	v1(http.MethodPut, "/me/photo", a.as(a.putPhoto), deadline(uploadPatience), fair)
	v1(http.MethodDelete, "/me/photo", a.as(a.deletePhoto), within, fair)

	v1(http.MethodGet, "/*", echo.NotFoundHandler) // or the pages would answer for what is not there
}
