package admin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store"
)

// table is every error an operator can get. A message stands where the error
// itself has no sentence of its own.
var table = map[string]struct {
	status  int
	message string
}{
	"no_such":        {http.StatusNotFound, "There is no such plugin or hook."},
	"nothing_before": {http.StatusConflict, "There is nothing to roll back to."},
	"bad_param":      {http.StatusBadRequest, "A parameter cannot have this value."},
	"unsigned":       {http.StatusForbidden, "The module is not signed by a trusted key."},
	"no_such_person": {http.StatusNotFound, "Nobody has this number, and no report names it."},
	"conflict":       {http.StatusConflict, "Something else was decided at the same moment; try again."},
	"unavailable":    {http.StatusServiceUnavailable, "The database does not answer; look at the rulings before you repeat it."},
	"quarantined":    {http.StatusConflict, "The plugin is in quarantine."},
	"refused":        {http.StatusUnprocessableEntity, "The plugin was refused."},

	"no_login":       {http.StatusUnauthorized, "Send the token of the configuration (admin.token) as Authorization: Bearer."},
	"foreign_host":   {http.StatusForbidden, "The Host header names another machine than admin.listen does."},
	"foreign_origin": {http.StatusForbidden, "The request comes from another site."},
	"foreign_user":   {http.StatusForbidden, "Only the user who runs the server, and root, may use this socket."},
	"not_found":      {http.StatusNotFound, "There is no such route."},
	"bad_method":     {http.StatusMethodNotAllowed, "This cannot be done to it."},
	"bad_request":    {http.StatusBadRequest, "The request cannot be understood."},
	"too_large":      {http.StatusRequestEntityTooLarge, "A module may have 16 MiB at most."},
	"busy":           {http.StatusTooManyRequests, "Other plugins are being loaded right now; try again."},
	"cut_off":        {http.StatusServiceUnavailable, "It took too long or was broken off; look at the status before you repeat it."},
	"internal":       {http.StatusInternalServerError, "Something went wrong in the server."},
}

// fault is one refusal. The zero detail is the table's message.
type fault struct{ code, detail string }

func (f *fault) Error() string { return f.code + " " + f.detail }

func refuse(code, detail string) *fault { return &fault{code, detail} }

// faultOf finds the table's row for any error. An operator may read the errors
// of the registry word for word: they are the ones who can mend it.
func faultOf(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	for _, known := range []struct {
		sentinel error
		code     string
	}{
		{registry.ErrNoSuch, "no_such"},
		{registry.ErrNothingBefore, "nothing_before"},
		{registry.ErrBadParam, "bad_param"},
		{registry.ErrUnsigned, "unsigned"},
		{registry.ErrQuarantined, "quarantined"},
		{policy.ErrRefused, "refused"},
	} {
		if errors.Is(err, known.sentinel) {
			return refuse(known.code, err.Error())
		}
	}
	for sentinel, code := range map[error]string{
		store.ErrNotFound: "no_such_person", store.ErrConflict: "conflict",
		store.ErrUnavailable: "unavailable", store.ErrUnknown: "unavailable",
	} {
		if errors.Is(err, sentinel) {
			return refuse(code, "")
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return refuse("cut_off", "")
	}
	return refuse("internal", err.Error())
}

type errorBody struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"` // one sentence
	} `json:"error"`
}

func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	row := table[f.code]
	var body errorBody
	body.Error.Code, body.Error.Message = f.code, f.detail
	if f.detail == "" {
		body.Error.Message = row.message
	}
	switch f.code {
	case "internal":
		a.log.Error("operator's request failed", "route", r.Pattern, "err", err)
	case "no_login":
		w.Header().Set("WWW-Authenticate", "Bearer")
	case "busy":
		w.Header().Set("Retry-After", "2")
	}
	a.send(w, row.status, body)
}

func (a *api) send(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		a.log.Error("answer not encoded", slog.Any("err", err))
		status, data = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"The answer cannot be written."}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // an operator who went away needs no answer
}
