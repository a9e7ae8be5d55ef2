package admin

import (
	"strings"
	"testing"
)

func TestOperatorsReadReportsAndDecide(t *testing.T) {
	h := start(t, nil)
	open := into[Reports](t, h.ask(t, "GET", "/admin/v1/reports", nil))
	if len(open.Reports) != 1 || open.Reports[0].Of != 7 || open.Reports[0].Note != "he shouted" || open.Reports[0].Banned {
		t.Fatalf("reports %+v", open)
	}
	who := into[Person](t, h.ask(t, "GET", "/admin/v1/people/7", nil))
	if who.Email != "ned@example.org" || who.Name != "Ned" {
		t.Errorf("person %+v", who)
	}
	if found := into[FoundPeople](t, h.ask(t, "GET", "/admin/v1/people?find=%20Ada%20", nil)); len(found.People) != 1 || found.People[0].ID != 8 || !found.People[0].Guest || found.Next != 0 {
		t.Errorf("found %+v", found)
	}
	if found := into[FoundPeople](t, h.ask(t, "GET", "/admin/v1/people?limit=1", nil)); len(found.People) != 1 || found.Next == 0 {
		t.Errorf("the first of all: %+v", found)
	}
	r := into[Ruling](t, h.ask(t, "POST", "/admin/v1/people/7/ban", []byte(`{"reason":" shouts at people "}`)))
	if r.Person != 7 || r.Action != "ban" || r.Reason != "shouts at people" || !strings.HasPrefix(r.By, "unix:") {
		t.Errorf("ruling %+v", r)
	}
	if left := into[Reports](t, h.ask(t, "GET", "/admin/v1/reports?person=7", nil)); len(left.Reports) != 0 {
		t.Errorf("after the ban %+v is open", left)
	}
	if all := into[Reports](t, h.ask(t, "GET", "/admin/v1/reports?settled=1&limit=1", nil)); len(all.Reports) != 1 || !all.Reports[0].Banned || all.Next == 0 {
		t.Errorf("settled %+v", all)
	}
	into[Ruling](t, h.ask(t, "POST", "/admin/v1/people/7/unban", nil))
	into[Ruling](t, h.ask(t, "POST", "/admin/v1/people/7/vindicate", []byte(`{}`)))
	log := into[Rulings](t, h.ask(t, "GET", "/admin/v1/rulings?limit=2", nil))
	if len(log.Rulings) != 2 || log.Rulings[0].Action != "vindicate" || log.Rulings[1].Action != "unban" || log.Next == 0 {
		t.Errorf("the log reads %+v", log)
	}
}

func TestDecisionsThatAreNone(t *testing.T) {
	h := start(t, nil)
	for _, c := range []struct{ method, path, body, code string }{
		{"POST", "/admin/v1/people/9/ban", "", "no_such_person"}, {"POST", "/admin/v1/people/x/ban", "", "no_such_person"},
		{"POST", "/admin/v1/people/-7/ban", "", "no_such_person"}, {"GET", "/admin/v1/people/9", "", "no_such_person"},
		{"POST", "/admin/v1/people/7/ban", `{"reason":7}`, "bad_request"}, {"POST", "/admin/v1/people/7/ban", `{"why":"x"}`, "bad_request"},
		{"POST", "/admin/v1/people/7/ban", `{"reason":"a\nb"}`, "bad_request"},
		{"POST", "/admin/v1/people/7/ban", `{"reason":"` + strings.Repeat("x", 301) + `"}`, "bad_request"},
		{"POST", "/admin/v1/people/7/ban", `{"reason":"` + strings.Repeat("x", 5000) + `"}`, "bad_request"},
		{"GET", "/admin/v1/reports?person=x", "", "bad_request"}, {"GET", "/admin/v1/reports?limit=0", "", "bad_request"},
		{"GET", "/admin/v1/people?find=" + strings.Repeat("x", 41), "", "bad_request"}, {"GET", "/admin/v1/people?find=%FF", "", "bad_request"},
		{"GET", "/admin/v1/people?find=a%0Ab", "", "bad_request"}, {"GET", "/admin/v1/people?limit=201", "", "bad_request"},
		{"GET", "/admin/v1/people/7/ban", "", "bad_method"},
	} {
		if got := h.ask(t, c.method, c.path, []byte(c.body)); got.code() != c.code {
			t.Errorf("%s %s %.30s: %d %s", c.method, c.path, c.body, got.status, got.body)
		}
	}
	if a := h.askTCP(t, "GET", "/admin/v1/reports", nil); a.code() != "no_login" {
		t.Errorf("a stranger reads reports: %s", a.body)
	}
	if a := h.askTCP(t, "GET", "/admin/v1/people", nil); a.code() != "no_login" {
		t.Errorf("a stranger reads who is here: %s", a.body)
	}
	if log := into[Rulings](t, h.ask(t, "GET", "/admin/v1/rulings", nil)); len(log.Rulings) != 0 {
		t.Errorf("decided %+v", log)
	}
}
