package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// People is what operators know of people and decide about them. Safe for
// concurrent use. Errors are the store's sentinels, wrapped.
type People interface {
	Reports(ctx context.Context, q store.ReportQuery) ([]store.Report, error)
	Rulings(ctx context.Context, before int64, limit int) ([]store.Ruling, error)
	FindPeople(ctx context.Context, q store.PeopleQuery) ([]store.Found, error)
	Person(ctx context.Context, id lobby.PersonID) (store.Person, error)
	// Account is ErrNotFound for a guest.
	Account(ctx context.Context, id lobby.PersonID) (store.Account, error)
	// Rule decides (store.Ban, Unban, Vindicate) and has it hold at once, on open
	// sockets, too. who is the operator, for the audit log.
	Rule(ctx context.Context, who string, id lobby.PersonID, action, reason string) (store.Ruling, error)
}

const (
	maxReason     = 300     // characters
	maxReasonBody = 4 << 10 // bytes
	maxFind       = 40      // characters, as a name has
)

// Report is one complaint.
type Report struct {
	By        lobby.PersonID `json:"by,string"`
	ByName    string         `json:"by_name"` // "" if they are gone
	Of        lobby.PersonID `json:"of,string"`
	OfName    string         `json:"of_name"` // "" if they are gone
	At        time.Time      `json:"at"`
	Call      lobby.CallID   `json:"call,string"` // 0 none
	Reason    string         `json:"reason"`
	Note      string         `json:"note"` // the reporter's words
	Settled   bool           `json:"settled"`
	Reporters int            `json:"reporters"` // how many people have ever reported Of
	Banned    bool           `json:"banned"`    // Of is
}

// Reports is one page of complaints.
type Reports struct {
	Reports []Report `json:"reports"`
	Next    int64    `json:"next"` // what to send as before for those that follow; 0: there are none
}

// Ruling is one decision about one person.
type Ruling struct {
	Person lobby.PersonID `json:"person,string"`
	At     time.Time      `json:"at"`
	By     string         `json:"by"`
	Action string         `json:"action"`
	Reason string         `json:"reason"`
}

// Rulings is one page of decisions.
type Rulings struct {
	Rulings []Ruling `json:"rulings"`
	Next    int64    `json:"next"` // as in Reports
}

// Person is who somebody is.
type Person struct {
	ID        lobby.PersonID `json:"id,string"`
	Name      string         `json:"name"`
	Guest     bool           `json:"guest"`
	Email     string         `json:"email"` // "" a guest's
	CreatedAt time.Time      `json:"created_at"`
	Bio       string         `json:"bio"`
	Photo     string         `json:"photo"` // media id, "" none
}

// Found is somebody an operator may be looking for.
type Found struct {
	ID        lobby.PersonID `json:"id,string"`
	Name      string         `json:"name"`
	Guest     bool           `json:"guest"`
	CreatedAt time.Time      `json:"created_at"`
	Banned    bool           `json:"banned"`
}

// FoundPeople is one page of them.
type FoundPeople struct {
	People []Found `json:"people"`
	Next   int64   `json:"next"` // as in Reports
}

// findPeople answers who came last, or whoever has a text in their name or as their number.
func (a *api) findPeople(w http.ResponseWriter, r *http.Request, _ string) error {
	before, limit, err := pageOf(r)
	if err != nil {
		return err
	}
	part := strings.TrimSpace(r.URL.Query().Get("find"))
	if utf8.RuneCountInString(part) > maxFind || !utf8.ValidString(part) || strings.IndexFunc(part, unicode.IsControl) >= 0 {
		return refuse("bad_request", "find must be a part of a name, 40 characters at most, or a number.")
	}
	q := store.PeopleQuery{Part: part, Before: before, Limit: limit}
	if id, err := strconv.ParseInt(part, 10, 64); err == nil && id > 0 {
		q.ID = lobby.PersonID(id)
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	list, err := a.people.FindPeople(ctx, q)
	if err != nil {
		return err
	}
	page := FoundPeople{People: listOf(list, func(f store.Found) Found {
		return Found{f.ID, f.Name, f.Guest, time.UnixMilli(f.CreatedAt).UTC(), f.BannedSince != 0}
	})}
	if len(list) >= limit {
		page.Next = list[len(list)-1].CreatedAt
	}
	a.send(w, http.StatusOK, page)
	return nil
}

func (a *api) reports(w http.ResponseWriter, r *http.Request, _ string) error {
	before, limit, err := pageOf(r)
	if err != nil {
		return err
	}
	of, err := number(r, "person", 0, 1, 1<<53)
	if err != nil {
		return err
	}
	settled, err := number(r, "settled", 0, 0, 1)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	q := store.ReportQuery{Of: lobby.PersonID(of), Settled: settled == 1, Before: before, Limit: limit}
	list, err := a.people.Reports(ctx, q)
	if err != nil {
		return err
	}
	page := Reports{Reports: listOf(list, reportOf)}
	if len(list) >= limit {
		page.Next = list[len(list)-1].At
	}
	a.send(w, http.StatusOK, page)
	return nil
}

func reportOf(r store.Report) Report {
	return Report{
		By: r.By, ByName: r.ByName, Of: r.Of, OfName: r.OfName, At: time.UnixMilli(r.At).UTC(), Call: r.Call,
		Reason: r.Reason, Note: r.Note, Settled: r.Settled, Reporters: r.Reporters, Banned: r.BannedSince != 0,
	}
}

func (a *api) rulings(w http.ResponseWriter, r *http.Request, _ string) error {
	before, limit, err := pageOf(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	list, err := a.people.Rulings(ctx, before, limit)
	if err != nil {
		return err
	}
	page := Rulings{Rulings: listOf(list, rulingOf)}
	if len(list) >= limit {
		page.Next = list[len(list)-1].At
	}
	a.send(w, http.StatusOK, page)
	return nil
}

func rulingOf(r store.Ruling) Ruling {
	return Ruling{r.Person, time.UnixMilli(r.At).UTC(), r.By, r.Action, r.Reason}
}

// person answers who somebody is. An operator who asks may read the email.
func (a *api) person(w http.ResponseWriter, r *http.Request, _ string) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	p, err := a.people.Person(ctx, id)
	if err != nil {
		return err
	}
	account, err := a.people.Account(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	a.send(w, http.StatusOK, Person{
		ID: id, Name: p.Profile.Name, Guest: p.Guest, Email: account.Email,
		CreatedAt: time.UnixMilli(p.CreatedAt).UTC(), Bio: p.Profile.Bio, Photo: p.Profile.Photo,
	})
	return nil
}

func (a *api) ban(w http.ResponseWriter, r *http.Request, who string) error {
	return a.rule(w, r, who, store.Ban)
}

func (a *api) unban(w http.ResponseWriter, r *http.Request, who string) error {
	return a.rule(w, r, who, store.Unban)
}

func (a *api) vindicate(w http.ResponseWriter, r *http.Request, who string) error {
	return a.rule(w, r, who, store.Vindicate)
}

func (a *api) rule(w http.ResponseWriter, r *http.Request, who, action string) error {
	id, err := personID(r)
	if err != nil {
		return err
	}
	reason, err := readReason(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	ruling, err := a.people.Rule(ctx, who, id, action, reason)
	if err != nil {
		return err
	}
	a.send(w, http.StatusOK, rulingOf(ruling))
	return nil
}

// readReason reads {"reason": "…"}; no body is no reason.
func readReason(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReasonBody))
	if err != nil {
		return "", refuse("bad_request", "The reason is too long, or did not arrive whole.")
	}
	if len(body) == 0 {
		return "", nil
	}
	var in struct {
		Reason string `json:"reason"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || d.More() {
		return "", refuse("bad_request", `The body must be {"reason": "…"}.`)
	}
	in.Reason = strings.TrimSpace(in.Reason)
	if utf8.RuneCountInString(in.Reason) > maxReason || strings.IndexFunc(in.Reason, unicode.IsControl) >= 0 {
		return "", refuse("bad_request", "A reason is one line of 300 characters at most.")
	}
	return in.Reason, nil
}

func personID(r *http.Request) (lobby.PersonID, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, refuse("no_such_person", "")
	}
	return lobby.PersonID(id), nil
}

// pageOf reads before and limit.
func pageOf(r *http.Request) (before int64, limit int, err error) {
	if before, err = number(r, "before", 0, 0, 1<<53); err != nil {
		return 0, 0, err
	}
	n, err := number(r, "limit", historyLimit, 1, historyMost)
	return before, int(n), err
}

// listOf is never nil: in JSON a list is [].
func listOf[T, U any](in []T, as func(T) U) []U {
	out := make([]U, len(in))
	for i, item := range in {
		out[i] = as(item)
	}
	return out
}
