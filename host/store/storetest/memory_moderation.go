package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// decided is what no two rulings share.
type decided struct {
	person lobby.PersonID
	at     int64
}

// Reports implements store.Moderation.
func (m *Memory) Reports(ctx context.Context, q store.ReportQuery) ([]store.Report, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []store.Report
	for _, r := range m.reports {
		one := store.Report{
			By: r.By, Of: r.Of, ByName: m.people[r.By].Profile.Name, OfName: m.people[r.Of].Profile.Name,
			At: r.At, Call: r.Call, Reason: r.Reason, Note: store.Note(r.Body),
			Settled: m.settled(r), Reporters: m.reporters(r.Of), BannedSince: m.bans[r.Of].At,
		}
		if (q.Of == 0 || q.Of == r.Of) && (q.Settled || !one.Settled) && (q.Before == 0 || r.At < q.Before) {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(x, y store.Report) int {
		return cmp.Or(cmp.Compare(y.At, x.At), cmp.Compare(x.Of, y.Of), cmp.Compare(x.By, y.By))
	})
	return all[:min(len(all), max(q.Limit, 0))], nil
}

func (m *Memory) settled(r lobby.ReportFiled) bool {
	for _, u := range m.rulings {
		if u.Person == r.Of && u.At >= r.At && u.Action != store.Unban {
			return true
		}
	}
	return false
}

func (m *Memory) reporters(of lobby.PersonID) int {
	by := map[lobby.PersonID]bool{}
	for key := range m.reports {
		if key.of == of {
			by[key.by] = true
		}
	}
	return len(by)
}

// Rule implements store.Moderation.
func (m *Memory) Rule(ctx context.Context, r store.Ruling) error {
	if err := store.CheckRuling(r); err != nil {
		return fmt.Errorf("memory: rule: %w", err)
	}
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if _, known := m.people[r.Person]; !known && m.reporters(r.Person) == 0 {
		return fmt.Errorf("memory: rule: %w", store.ErrNotFound)
	}
	key := decided{r.Person, r.At}
	if have, there := m.rulings[key]; there {
		if have != r {
			return fmt.Errorf("memory: rule: %w", store.ErrConflict)
		}
		return nil
	}
	m.rulings[key] = r
	if r.Action == store.Ban {
		m.bans[r.Person] = r
	} else {
		delete(m.bans, r.Person)
	}
	return nil
}

// Rulings implements store.Moderation.
func (m *Memory) Rulings(ctx context.Context, before int64, limit int) ([]store.Ruling, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []store.Ruling
	for _, r := range m.rulings {
		if before == 0 || r.At < before {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(x, y store.Ruling) int { return cmp.Or(cmp.Compare(y.At, x.At), cmp.Compare(x.Person, y.Person)) })
	return all[:min(len(all), max(limit, 0))], nil
}

// FindPeople implements store.Moderation.
func (m *Memory) FindPeople(ctx context.Context, q store.PeopleQuery) ([]store.Found, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []store.Found
	for _, p := range m.people {
		named := strings.Contains(strings.ToLower(p.Profile.Name), strings.ToLower(q.Part))
		if (named || p.ID == q.ID) && (q.Before == 0 || p.CreatedAt < q.Before) {
			all = append(all, store.Found{ID: p.ID, Name: p.Profile.Name, Guest: p.Guest, CreatedAt: p.CreatedAt, BannedSince: m.bans[p.ID].At})
		}
	}
	slices.SortFunc(all, func(x, y store.Found) int {
		return cmp.Or(cmp.Compare(y.CreatedAt, x.CreatedAt), cmp.Compare(x.ID, y.ID))
	})
	return all[:min(len(all), max(q.Limit, 0))], nil
}

// Filed returns the complaints filed so far, oldest first.
func (m *Memory) Filed() []lobby.ReportFiled {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.reports), func(x, y lobby.ReportFiled) int {
		return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.By, y.By), cmp.Compare(x.Of, y.Of))
	})
}
