package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// logAccess writes one line per request at debug: no address, no query, no ids,
// only the route's pattern.
func (a *api) logAccess(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := a.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		a.Log.LogAttrs(c.Request().Context(), slog.LevelDebug, "http",
			slog.String("method", c.Request().Method), slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size),
			slog.Duration("took", a.Now().Sub(start)))
		return nil
	}
}

// survive turns a panic into an answer, so that one bad request is one person's trouble.
func (a *api) survive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); {
			case p == nil:
			case p == http.ErrAbortHandler:
				panic(p) // net/http's own way to drop a connection
			default:
				a.Log.Error("panic", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
				err = refuse("internal", "")
			}
		}()
		return next(c)
	}
}

// headers: what we answer is data, never a page, and nobody's to keep.
func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		setHeaders(c.Response().Header())
		return next(c)
	}
}

func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// deadline ends a request's context, and the reading of its body, after d.
func deadline(d time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := readUntil(c.Response(), time.Now().Add(d)); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Request().Context(), d)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
			return next(c)
		}
	}
}

// readUntil ends the reading of a request's body at a time of the socket's
// clock, not ours.
func readUntil(w http.ResponseWriter, at time.Time) error {
	err := http.NewResponseController(w).SetReadDeadline(at)
	if errors.Is(err, http.ErrNotSupported) { // no socket, as in tests
		return nil
	}
	return err
}

// perAddress applies a limit to where a request comes from.
func (a *api) perAddress(l *limiter[addressKey]) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if a.cfg.Limits.LoopbackFree && isLocal(r) {
				return next(c)
			}
			if wait := l.take(keyOf(Address(r, a.cfg.TrustedProxies)), a.Now()); wait > 0 {
				return &fault{Code: "rate_limited", Retry: wait}
			}
			return next(c)
		}
	}
}

// sameOrigin refuses what another site made a browser send: a request that
// changes something and is not authenticated by a header of its own must come
// from our origin or an allowed one. A request that tells nothing of its origin
// comes from no browser; it passes, but not with a cookie.
func (a *api) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if _, ok := bearer(r); ok {
			return next(c)
		}
		if a.origins.Check(r) != nil {
			return refuse("foreign_origin", "")
		}
		mute := r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == ""
		if _, err := r.Cookie(SessionCookie); err == nil && mute && changes(r.Method) {
			return refuse("foreign_origin", "")
		}
		return next(c)
	}
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
