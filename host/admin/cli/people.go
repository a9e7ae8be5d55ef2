package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/napalmsky/napalmsky/host/admin"
)

// peopleCommands are what operators do about people: `napalmsky admin …`.
func peopleCommands() []command {
	page := func(fs *flag.FlagSet, o *options) {
		fs.IntVar(&o.limit, "limit", 20, "how many, newest first")
		fs.Int64Var(&o.before, "before", 0, "only those before this `moment`, as the last page said")
	}
	why := func(fs *flag.FlagSet, o *options) {
		fs.StringVar(&o.reason, "reason", "", "one line for other operators")
	}
	return []command{
		{name: "reports", help: "complaints that wait for an answer", run: reports, flags: func(fs *flag.FlagSet, o *options) {
			page(fs, o)
			fs.BoolVar(&o.all, "all", false, "also those that are settled")
			fs.StringVar(&o.person, "person", "", "only those about this person, by `number`")
		}},
		{name: "people", args: "[TEXT]", help: "who is here, the newest first, or whose name or number this is", most: 1, run: people, flags: page},
		{name: "person", args: "NUMBER", help: "who somebody is, with their email", least: 1, most: 1, run: person},
		{name: "ban", args: "NUMBER", help: "keep somebody out, from this moment on", least: 1, most: 1, run: rule("ban"), flags: why},
		{name: "unban", args: "NUMBER", help: "let somebody in again", least: 1, most: 1, run: rule("unban"), flags: why},
		{name: "vindicate", args: "NUMBER", help: "they did nothing wrong: settle their reports, lift a ban", least: 1, most: 1, run: rule("vindicate"), flags: why},
		{name: "rulings", help: "who decided what about whom", run: rulings, flags: page},
	}
}

func reports(ctx context.Context, j *job) error {
	if err := j.checkPage(); err != nil {
		return err
	}
	q := j.page()
	if j.flags.all {
		q.Set("settled", "1")
	}
	if j.flags.person != "" {
		if _, err := numberOf(j.flags.person); err != nil {
			return err
		}
		q.Set("person", j.flags.person)
	}
	var p admin.Reports
	if err := j.client.do(ctx, "GET", "reports?"+q.Encode(), nil, nil, &p); err != nil {
		return err
	}
	return j.show(p, func(w io.Writer) {
		if len(p.Reports) == 0 {
			fmt.Fprintln(w, "no reports")
			return
		}
		lines := [][]string{{"WHEN", "ABOUT", "NAME", "REPORTERS", "STATE", "BY", "REASON", "NOTE"}}
		for _, r := range p.Reports {
			lines = append(lines, []string{moment(r.At), whole(int64(r.Of)), r.OfName, strconv.Itoa(r.Reporters), state(r), whole(int64(r.By)), r.Reason, r.Note})
		}
		rows(w, lines...)
		more(w, p.Next)
	})
}

func state(r admin.Report) string {
	switch {
	case r.Banned:
		return "banned"
	case r.Settled:
		return "settled"
	}
	return "open"
}

func people(ctx context.Context, j *job) error {
	if err := j.checkPage(); err != nil {
		return err
	}
	q := j.page()
	if len(j.args) > 0 {
		q.Set("find", j.args[0])
	}
	var p admin.FoundPeople
	if err := j.client.do(ctx, "GET", "people?"+q.Encode(), nil, nil, &p); err != nil {
		return err
	}
	return j.show(p, func(w io.Writer) {
		if len(p.People) == 0 {
			fmt.Fprintln(w, "nobody")
			return
		}
		lines := [][]string{{"HERE SINCE", "NUMBER", "NAME", "KIND", "STATE"}}
		for _, f := range p.People {
			kind, state := "account", ""
			if f.Guest {
				kind = "guest"
			}
			if f.Banned {
				state = "banned"
			}
			lines = append(lines, []string{moment(f.CreatedAt), whole(int64(f.ID)), f.Name, kind, state})
		}
		rows(w, lines...)
		more(w, p.Next)
	})
}

func person(ctx context.Context, j *job) error {
	id, err := numberOf(j.args[0])
	if err != nil {
		return err
	}
	var p admin.Person
	if err := j.client.do(ctx, "GET", "people/"+id, nil, nil, &p); err != nil {
		return err
	}
	return j.show(p, func(w io.Writer) {
		email := p.Email
		if p.Guest {
			email = "(guest)"
		}
		rows(w, []string{"number", id}, []string{"name", p.Name}, []string{"email", email}, []string{"here since", moment(p.CreatedAt)},
			[]string{"bio", p.Bio}, []string{"photo", p.Photo})
	})
}

func rule(action string) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error {
		id, err := numberOf(j.args[0])
		if err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"reason": j.flags.reason})
		if err != nil {
			return err
		}
		var r admin.Ruling
		if err := j.client.do(ctx, "POST", "people/"+id+"/"+action, http.Header{"Content-Type": {"application/json"}}, body, &r); err != nil {
			return err
		}
		done := map[string]string{"ban": "is banned", "unban": "is let in again", "vindicate": "is vindicated"}[action]
		return j.show(r, func(w io.Writer) { fmt.Fprintf(w, "%s %s\n", id, done) })
	}
}

func rulings(ctx context.Context, j *job) error {
	if err := j.checkPage(); err != nil {
		return err
	}
	var p admin.Rulings
	if err := j.client.do(ctx, "GET", "rulings?"+j.page().Encode(), nil, nil, &p); err != nil {
		return err
	}
	return j.show(p, func(w io.Writer) {
		lines := [][]string{{"WHEN", "WHO", "ACTION", "PERSON", "REASON"}}
		for _, r := range p.Rulings {
			lines = append(lines, []string{moment(r.At), r.By, r.Action, whole(int64(r.Person)), r.Reason})
		}
		rows(w, lines...)
		more(w, p.Next)
	})
}

func (j *job) checkPage() error {
	if j.flags.limit < 1 || j.flags.limit > 200 || j.flags.before < 0 {
		return usageError{"--limit goes from 1 to 200, --before from 0"}
	}
	return nil
}

func (j *job) page() url.Values {
	return url.Values{"limit": {strconv.Itoa(j.flags.limit)}, "before": {whole(j.flags.before)}}
}

func more(w io.Writer, next int64) {
	if next != 0 {
		fmt.Fprintf(w, "\nolder ones: --before %d\n", next)
	}
}

// numberOf is a person's number as it was typed, checked.
func numberOf(text string) (string, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n <= 0 {
		return "", usageError{fmt.Sprintf("%q is no person's number", text)}
	}
	return text, nil
}
