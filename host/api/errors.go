package api

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/store"
)

// table is every error a client can get: code, status, and what it means.
var table = map[string]struct {
	status  int
	message string
}{
	"bad_json":         {http.StatusBadRequest, "The body is not one JSON object."},
	"bad_content_type": {http.StatusUnsupportedMediaType, "The body must be application/json."},
	"body_too_large":   {http.StatusRequestEntityTooLarge, "The body is larger than 64 KB."},
	"body_unreadable":  {http.StatusBadRequest, "The body did not arrive whole."},
	"unknown_field":    {http.StatusBadRequest, "There is no such field."},
	"duplicate_field":  {http.StatusBadRequest, "The field is there twice."},
	"missing_field":    {http.StatusBadRequest, "The field is needed."},
	"wrong_type":       {http.StatusBadRequest, "The field has the wrong type."},
	"bad_value":        {http.StatusBadRequest, "The field cannot have this value."},
	"foreign_photo":    {http.StatusBadRequest, "A photo is set by PUT /v1/me/photo only."},
	"not_an_image":     {http.StatusBadRequest, "This is no image we can read."},
	"photo_too_large":  {http.StatusRequestEntityTooLarge, "The photo is larger than 5 MB, or has too many pixels."},
	"no_login":         {http.StatusUnauthorized, "Log in first."},
	"bad_login":        {http.StatusUnauthorized, "There is no account with this email and password."},
	"wrong_password":   {http.StatusForbidden, "This is not your password."},
	"banned":           {http.StatusForbidden, "You are not let in here any more."},
	"email_taken":      {http.StatusConflict, "There is an account with this email already."},
	"has_account":      {http.StatusConflict, "You have an account already."},
	"no_account":       {http.StatusConflict, "You have no account yet."},
	"foreign_origin":   {http.StatusForbidden, "The request comes from another site."},
	"not_found":        {http.StatusNotFound, "There is no such thing here."},
	"bad_method":       {http.StatusMethodNotAllowed, "This cannot be done to it."},
	"conflict":         {http.StatusConflict, "It changed in the meantime; read it again."},
	"rate_limited":     {http.StatusTooManyRequests, "Too many requests; try again later."},
	"unavailable":      {http.StatusServiceUnavailable, "Nothing was changed; try again shortly."},
	"outcome_unknown":  {http.StatusServiceUnavailable, "It may or may not have been done; look before you repeat it."},
	"internal":         {http.StatusInternalServerError, "Something went wrong on our side."},
}

// notRead is said instead of "unavailable" to whoever only asked.
const notRead = "The server cannot look this up just now; try again shortly."

const retryUnavailable = 2 * time.Second

// fault is one refusal. The zero detail is the table's message.
type fault struct {
	Code    string
	Field   string
	Detail  string
	Version int64         // the stored version, with a conflict
	Retry   time.Duration // > 0: when to come back
}

func (f *fault) Error() string { return f.Code + " " + f.Field + " " + f.Detail }

func refuse(code, field string) *fault { return &fault{Code: code, Field: field} }

func badValue(field, detail string) *fault {
	return &fault{Code: "bad_value", Field: field, Detail: detail}
}

// faultOf finds the refusal in any error a handler may return. known is false
// for what nobody foresaw.
func faultOf(err error) (f *fault, known bool) {
	var web *echo.HTTPError
	switch {
	case errors.As(err, &f):
		return f, true
	case errors.Is(err, store.ErrUnknown):
		return &fault{Code: "outcome_unknown", Retry: retryUnavailable}, true
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &fault{Code: "unavailable", Retry: retryUnavailable}, true
	case errors.Is(err, store.ErrBanned):
		return refuse("banned", ""), true
	case errors.Is(err, store.ErrTaken):
		return refuse("email_taken", "email"), true
	case errors.Is(err, store.ErrNotFound):
		return refuse("not_found", ""), true
	case errors.Is(err, store.ErrConflict):
		return refuse("conflict", ""), true
	case errors.As(err, &web) && web.Code == http.StatusNotFound:
		return refuse("not_found", ""), true
	case errors.As(err, &web) && web.Code == http.StatusMethodNotAllowed:
		return refuse("bad_method", ""), true
	default:
		return refuse("internal", ""), false
	}
}

type errorBody struct {
	Error struct {
		Code    string `json:"code"`
		Field   string `json:"field,omitempty"`
		Message string `json:"message"`
		Version int64  `json:"version,omitempty"`
	} `json:"error"`
}

// answerError is echo's error handler. What went wrong inside is logged, never sent.
func (a *api) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	f, known := faultOf(err)
	if !known {
		a.Log.Error("request failed", slog.String("method", c.Request().Method), slog.String("route", c.Path()), slog.Any("error", err))
	}
	row := table[f.Code]
	if f.Code == "unavailable" && (c.Request().Method == http.MethodGet || c.Request().Method == http.MethodHead) {
		row.message = notRead
	}
	var body errorBody
	body.Error.Code, body.Error.Field, body.Error.Version = f.Code, f.Field, f.Version
	if body.Error.Message = f.Detail; f.Detail == "" {
		body.Error.Message = row.message
	}
	h := c.Response().Header()
	setHeaders(h)
	if f.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.Retry.Seconds()))))
	}
	if row.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if c.Request().Method == http.MethodHead {
		err = c.NoContent(row.status)
	} else {
		err = c.JSON(row.status, body)
	}
	if err != nil {
		a.Log.Debug("answer not sent", slog.Any("error", err))
	}
}
