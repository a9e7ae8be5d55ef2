package wire

import (
	"net/http"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Code is an error's code on the wire: one of the lobby's refusals or one of these.
type Code = lobby.Code

const (
	CodeBadFrame     Code = "bad_frame"     // not JSON, or not what the schema says; Field names what
	CodeUnknownEvent Code = "unknown_event" // a t that the schema does not have
	CodeTooLong      Code = lobby.TooLong   // a text over its limit; Field names it
	CodeTooBig       Code = "too_big"       // a frame or body over its limit
	CodeRateLimited  Code = "rate_limited"
	CodeUnauthorized Code = "unauthorized" // no session, or an expired one
	CodeForbidden    Code = "forbidden"    // not from this origin, or not yours
	CodeNotFound     Code = "not_found"
	CodeHelloAgain   Code = "hello_again" // a second hello on one socket
	CodeOverloaded   Code = "overloaded"  // nothing was done; try again
	CodeDraining     Code = "draining"    // the server restarts
	CodeInternal     Code = "internal"
)

// Fault explains a code. RetryMS above 0 says that the same request may succeed
// after that many milliseconds.
type Fault struct {
	Code    Code
	Status  int // of an HTTP answer
	RetryMS int64
	Message string // for people
}

// faults is the one table of everything that can be refused.
var faults = [...]Fault{
	{lobby.NotIn, http.StatusConflict, 0, "Enter the lobby first."},
	{lobby.Loading, http.StatusConflict, 500, "You are still coming in. Try again in a moment."},
	{lobby.NoSuchInvite, http.StatusNotFound, 0, "This invite is over."},
	{lobby.NoSuchCall, http.StatusNotFound, 0, "This call is over."},
	{lobby.NotHere, http.StatusConflict, 0, "The call runs in another window of yours."},
	{lobby.SelfBusy, http.StatusConflict, 0, "You are already inviting, invited or in a call."},
	{lobby.OtherBusy, http.StatusConflict, 0, "They are busy right now."},
	{lobby.NotInReel, http.StatusConflict, 0, "They are no longer in your reel."},
	{lobby.OnCooldown, http.StatusConflict, 0, "You two have to wait before you can meet again."},
	{lobby.BadSeconds, http.StatusBadRequest, 0, "A call lasts one to thirty minutes."},
	{lobby.BadTarget, http.StatusBadRequest, 0, "You cannot do this with this person."},
	{lobby.TooLong, http.StatusBadRequest, 0, "This text is too long."},
	{lobby.NoMoreWaits, http.StatusConflict, 0, "You cannot keep waiting any longer."},
	{lobby.Unavailable, http.StatusServiceUnavailable, 1000, "That could not be saved, so nothing was done. Try again."},

	{CodeBadFrame, http.StatusBadRequest, 0, "The server could not read this request."},
	{CodeUnknownEvent, http.StatusBadRequest, 0, "The server does not know this request."},
	{CodeTooBig, http.StatusRequestEntityTooLarge, 0, "This is too big."},
	{CodeRateLimited, http.StatusTooManyRequests, 1000, "Too fast. Wait a moment."},
	{CodeUnauthorized, http.StatusUnauthorized, 0, "Sign in first."},
	{CodeForbidden, http.StatusForbidden, 0, "This is not allowed from here."},
	{CodeNotFound, http.StatusNotFound, 0, "There is nothing here."},
	{CodeHelloAgain, http.StatusConflict, 0, "This connection has already said hello."},
	{CodeOverloaded, http.StatusServiceUnavailable, 2000, "The server is busy. Try again in a moment."},
	{CodeDraining, http.StatusServiceUnavailable, 2000, "The server restarts. You will be back in a moment."},
	{CodeInternal, http.StatusInternalServerError, 0, "Something went wrong on the server."},
}

// Explain returns the table's row for a code, or CodeInternal's for one it does not have.
func Explain(code Code) Fault {
	for _, f := range faults {
		if f.Code == code {
			return f
		}
	}
	return Fault{CodeInternal, http.StatusInternalServerError, 0, "Something went wrong on the server."}
}

// Codes lists every code there is, in the table's order.
func Codes() []Code {
	all := make([]Code, len(faults))
	for i, f := range faults {
		all[i] = f.Code
	}
	return all
}

// Refuse builds the error event for a code. ref 0 answers no request, field and
// until (ms) may be empty.
func Refuse(ref uint32, code Code, field string, until int64) ServerError {
	f := Explain(code)
	return ServerError{Ref: int64(ref), Code: string(f.Code), Field: field, Message: f.Message, Until: until, RetryMS: f.RetryMS}
}

// Refusal builds the error event for a frame that could not be read. Its
// message is for the client's author, so it says what was wrong with the field.
func (e *FrameError) Refusal() ServerError {
	return ServerError{Ref: int64(e.Ref), Code: string(e.Code), Field: e.Field, Message: e.Message}
}
