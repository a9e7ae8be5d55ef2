package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres/db"
)

// SignUp implements store.People. Repeating it word by word is no conflict.
func (s *Store) SignUp(ctx context.Context, p store.Person, first store.Session) error {
	const op = "sign up"
	person, err := personRow(p)
	if err != nil {
		return writeErr(op, err)
	}
	session := db.InsertSessionParams{
		TokenHash: first.TokenHash, PersonID: int64(first.Person),
		CreatedAt: first.CreatedAt, ExpiresAt: first.ExpiresAt,
	}
	if p.ID <= 0 || first.Person != p.ID {
		return writeErr(op, fmt.Errorf("session of %d for person %d: %w", first.Person, p.ID, store.ErrConflict))
	}
	return s.transact(ctx, op, func(ctx context.Context, q *db.Queries) error {
		n, err := q.InsertPerson(ctx, db.InsertPersonParams(person))
		if err != nil {
			return err
		}
		if n == 0 {
			return sameSignUp(ctx, q, person, session)
		}
		if n, err = q.InsertSession(ctx, session); err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("token taken: %w", store.ErrConflict)
		}
		return nil
	})
}

// sameSignUp: a repeat after an unknown outcome finds its own rows.
func sameSignUp(ctx context.Context, q *db.Queries, p db.Person, first db.InsertSessionParams) error {
	have, err := q.PersonByID(ctx, p.ID)
	if err != nil {
		return err
	}
	session, err := q.SessionByHash(ctx, first.TokenHash)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if have != p || session != db.Session(first) {
		return fmt.Errorf("id taken: %w", store.ErrConflict)
	}
	return nil
}

// Login implements store.People.
func (s *Store) Login(ctx context.Context, tokenHash string, now int64) (lobby.PersonID, error) {
	id, err := read(ctx, s, "login", func(ctx context.Context) (int64, error) {
		return s.q.Login(ctx, db.LoginParams{TokenHash: tokenHash, Now: now})
	})
	return lobby.PersonID(id), err
}

// Logout implements store.People.
func (s *Store) Logout(ctx context.Context, tokenHash string) error {
	return s.transact(ctx, "logout", func(ctx context.Context, q *db.Queries) error {
		return q.DeleteSession(ctx, tokenHash)
	})
}

// Person implements store.People.
func (s *Store) Person(ctx context.Context, id lobby.PersonID) (store.Person, error) {
	const op = "person"
	row, err := read(ctx, s, op, func(ctx context.Context) (db.Person, error) { return s.q.PersonByID(ctx, int64(id)) })
	if err != nil {
		return store.Person{}, err
	}
	p, err := personOf(row)
	return p, readErr(ctx, op, err)
}

// SaveProfile implements store.People. If the version is one behind and the
// stored profile is this very one, it was this very write: no conflict.
func (s *Store) SaveProfile(ctx context.Context, id lobby.PersonID, version int64, p store.Profile) (int64, error) {
	const op = "save profile"
	row, err := personRow(store.Person{ID: id, Version: version, Profile: p})
	if err != nil {
		return 0, writeErr(op, err)
	}
	err = s.transact(ctx, op, func(ctx context.Context, q *db.Queries) error {
		n, err := q.SaveProfile(ctx, db.SaveProfileParams{
			ID: row.ID, Version: row.Version,
			Name: row.Name, Gender: row.Gender, Seeking: row.Seeking,
			Age: row.Age, AgeMin: row.AgeMin, AgeMax: row.AgeMax,
			Tags: row.Tags, Langs: row.Langs, Bio: row.Bio, Socials: row.Socials, Photo: row.Photo, Attrs: row.Attrs,
		})
		if err != nil || n == 1 {
			return err
		}
		have, err := q.PersonByID(ctx, row.ID)
		if errors.Is(err, pgx.ErrNoRows) {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		wrote := row
		wrote.Version, wrote.Guest, wrote.CreatedAt = version+1, have.Guest, have.CreatedAt
		if have != wrote {
			return fmt.Errorf("stored version is %d: %w", have.Version, store.ErrConflict)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return version + 1, nil
}

func personRow(p store.Person) (db.Person, error) {
	l, err := store.EncodeLists(p.Profile)
	if err != nil {
		return db.Person{}, err
	}
	var guest int64
	if p.Guest {
		guest = 1
	}
	f := p.Profile
	return db.Person{
		ID: int64(p.ID), Guest: guest, Version: p.Version, CreatedAt: p.CreatedAt,
		Name: f.Name, Gender: int64(f.Gender), Seeking: int64(f.Seeking),
		Age: int64(f.Age), AgeMin: int64(f.AgeMin), AgeMax: int64(f.AgeMax),
		Tags: l.Tags, Langs: l.Langs, Bio: f.Bio, Socials: l.Socials, Photo: f.Photo, Attrs: l.Attrs,
	}, nil
}

func personOf(r db.Person) (store.Person, error) {
	p := store.Person{
		ID: lobby.PersonID(r.ID), Guest: r.Guest != 0, Version: r.Version, CreatedAt: r.CreatedAt,
		Profile: store.Profile{
			Name: r.Name, Gender: int(r.Gender), Seeking: int(r.Seeking),
			Age: int(r.Age), AgeMin: int(r.AgeMin), AgeMax: int(r.AgeMax),
			Bio: r.Bio, Photo: r.Photo,
		},
	}
	err := store.Lists{Tags: r.Tags, Langs: r.Langs, Socials: r.Socials, Attrs: r.Attrs}.Decode(&p.Profile)
	return p, err
}
