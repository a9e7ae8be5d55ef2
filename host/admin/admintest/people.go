package admintest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// People is somebody with a report or two, in memory: person 7, "Ned", reported
// by person 8, "Ada".
type People struct {
	mu      sync.Mutex
	rulings []store.Ruling
	gone    bool // Ned
}

// Depart has Ned delete himself.
func (p *People) Depart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
}

// Filed is when Ada reported Ned, ms.
const Filed = 1_900_000_000_000

// Reports answers the one there is, settled by any ban or vindication.
func (p *People) Reports(_ context.Context, q store.ReportQuery) ([]store.Report, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := store.Report{By: 8, Of: 7, ByName: "Ada", OfName: "Ned\x1b[31m", At: Filed, Call: 5, Reason: "rude", Note: "he shouted", Reporters: 1}
	if p.gone {
		r.OfName = ""
	}
	for _, u := range p.rulings {
		r.Settled = r.Settled || u.Action != store.Unban
		if r.BannedSince = 0; u.Action == store.Ban {
			r.BannedSince = u.At
		}
	}
	if q.Of != 0 && q.Of != r.Of || q.Before != 0 && q.Before <= r.At || r.Settled && !q.Settled {
		return nil, nil
	}
	return []store.Report{r}[:min(1, q.Limit)], nil
}

// Rulings answers those made, newest first.
func (p *People) Rulings(_ context.Context, before int64, limit int) ([]store.Ruling, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Clone(p.rulings)
	slices.Reverse(all)
	all = slices.DeleteFunc(all, func(r store.Ruling) bool { return before != 0 && r.At >= before })
	return all[:min(limit, len(all))], nil
}

// FindPeople knows 7 and 8, too.
func (p *People) FindPeople(_ context.Context, q store.PeopleQuery) ([]store.Found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ned, ada := store.Found{ID: 7, Name: "Ned\x1b[31m", CreatedAt: Filed - 1}, store.Found{ID: 8, Name: "Ada", Guest: true, CreatedAt: Filed - 2}
	if n := len(p.rulings); n > 0 && p.rulings[n-1].Action == store.Ban {
		ned.BannedSince = p.rulings[n-1].At
	}
	found := slices.DeleteFunc([]store.Found{ned, ada}, func(f store.Found) bool {
		return f.ID == 7 && p.gone || !strings.Contains(f.Name, q.Part) && f.ID != q.ID || q.Before != 0 && f.CreatedAt >= q.Before
	})
	return found[:min(len(found), q.Limit)], nil
}

// Person knows 7, until he departs, and 8.
func (p *People) Person(_ context.Context, id lobby.PersonID) (store.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case id == 7 && !p.gone:
		return store.Person{ID: 7, CreatedAt: Filed, Profile: store.Profile{Name: "Ned"}}, nil
	case id == 8:
		return store.Person{ID: 8, Guest: true, CreatedAt: Filed, Profile: store.Profile{Name: "Ada"}}, nil
	}
	return store.Person{}, store.ErrNotFound
}

// Account is Ned's only.
func (p *People) Account(_ context.Context, id lobby.PersonID) (store.Account, error) {
	if id != 7 {
		return store.Account{}, store.ErrNotFound
	}
	return store.Account{Person: 7, Email: "ned@example.org"}, nil
}

// Rule notes the decision, a millisecond after the one before.
func (p *People) Rule(ctx context.Context, who string, id lobby.PersonID, action, reason string) (store.Ruling, error) {
	if _, err := p.Person(ctx, id); err != nil && id != 7 { // whom a report names, gone or not
		return store.Ruling{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := store.Ruling{Person: id, At: Filed + 1 + int64(len(p.rulings)), By: who, Action: action, Reason: reason}
	p.rulings = append(p.rulings, r)
	return r, nil
}
