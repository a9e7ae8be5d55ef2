package storetest

import (
	"context"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Session implements store.Accounts.
func (f *Faulty) Session(ctx context.Context, tokenHash string, now int64) (store.Visit, error) {
	return through(ctx, f, Session, func() (store.Visit, error) { return f.inner.Session(ctx, tokenHash, now) })
}

// Sessions implements store.Accounts.
func (f *Faulty) Sessions(ctx context.Context, id lobby.PersonID, now int64) ([]store.Session, error) {
	return through(ctx, f, Sessions, func() ([]store.Session, error) { return f.inner.Sessions(ctx, id, now) })
}

// OpenSession implements store.Accounts.
func (f *Faulty) OpenSession(ctx context.Context, s store.Session, alone bool) error {
	_, err := through(ctx, f, OpenSession, func() (struct{}, error) { return none(f.inner.OpenSession(ctx, s, alone)) })
	return err
}

// RenewSession implements store.Accounts.
func (f *Faulty) RenewSession(ctx context.Context, tokenHash string, expiresAt int64) error {
	_, err := through(ctx, f, RenewSession, func() (struct{}, error) { return none(f.inner.RenewSession(ctx, tokenHash, expiresAt)) })
	return err
}

// EndSessions implements store.Accounts.
func (f *Faulty) EndSessions(ctx context.Context, id lobby.PersonID, keep string) error {
	_, err := through(ctx, f, EndSessions, func() (struct{}, error) { return none(f.inner.EndSessions(ctx, id, keep)) })
	return err
}

// Upgrade implements store.Accounts.
func (f *Faulty) Upgrade(ctx context.Context, u store.Upgrade) (bool, error) {
	return through(ctx, f, Upgrade, func() (bool, error) { return f.inner.Upgrade(ctx, u) })
}

// Account implements store.Accounts.
func (f *Faulty) Account(ctx context.Context, id lobby.PersonID) (store.Account, error) {
	return through(ctx, f, Account, func() (store.Account, error) { return f.inner.Account(ctx, id) })
}

// AccountByEmail implements store.Accounts.
func (f *Faulty) AccountByEmail(ctx context.Context, key string) (store.Account, error) {
	return through(ctx, f, AccountByEmail, func() (store.Account, error) { return f.inner.AccountByEmail(ctx, key) })
}

// SetPassword implements store.Accounts.
func (f *Faulty) SetPassword(ctx context.Context, id lobby.PersonID, was, password, keep string) error {
	_, err := through(ctx, f, SetPassword, func() (struct{}, error) {
		return none(f.inner.SetPassword(ctx, id, was, password, keep))
	})
	return err
}

// Held implements store.Accounts.
func (f *Faulty) Held(ctx context.Context, id lobby.PersonID) (store.Held, error) {
	return through(ctx, f, Held, func() (store.Held, error) { return f.inner.Held(ctx, id) })
}

// PhotoInUse implements store.Accounts.
func (f *Faulty) PhotoInUse(ctx context.Context, photo string) (bool, error) {
	return through(ctx, f, PhotoInUse, func() (bool, error) { return f.inner.PhotoInUse(ctx, photo) })
}

// Depart implements store.Accounts.
func (f *Faulty) Depart(ctx context.Context, d store.Departure) error {
	_, err := through(ctx, f, Depart, func() (struct{}, error) { return none(f.inner.Depart(ctx, d)) })
	return err
}

// Reports implements store.Moderation.
func (f *Faulty) Reports(ctx context.Context, q store.ReportQuery) ([]store.Report, error) {
	return through(ctx, f, Reports, func() ([]store.Report, error) { return f.inner.Reports(ctx, q) })
}

// Rule implements store.Moderation.
func (f *Faulty) Rule(ctx context.Context, r store.Ruling) error {
	_, err := through(ctx, f, Rule, func() (struct{}, error) { return none(f.inner.Rule(ctx, r)) })
	return err
}

// Rulings implements store.Moderation.
func (f *Faulty) Rulings(ctx context.Context, before int64, limit int) ([]store.Ruling, error) {
	return through(ctx, f, Rulings, func() ([]store.Ruling, error) { return f.inner.Rulings(ctx, before, limit) })
}

// FindPeople implements store.Moderation.
func (f *Faulty) FindPeople(ctx context.Context, q store.PeopleQuery) ([]store.Found, error) {
	return through(ctx, f, FindPeople, func() ([]store.Found, error) { return f.inner.FindPeople(ctx, q) })
}
