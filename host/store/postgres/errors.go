package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/napalmsky/napalmsky/host/store"
)

// readErr names the operation and turns what the driver says into the contract's words.
func readErr(ctx context.Context, op string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil: // the caller's own end, not our limit's
		err = ctx.Err()
	case errors.Is(err, pgx.ErrNoRows):
		err = store.ErrNotFound
	default:
		err = unavailable(err)
	}
	return fmt.Errorf("postgres: %s: %w", op, err)
}

// writeErr names the operation; what a step says in the contract's words
// stands, anything else is the server refusing a row or failing.
func writeErr(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case says(err, store.ErrNotFound, store.ErrConflict, store.ErrUnavailable, store.ErrUnknown, store.ErrBanned, store.ErrTaken):
	case refusedRow(err):
		err = fmt.Errorf("%w: %w", store.ErrConflict, err)
	default:
		err = unavailable(err)
	}
	return fmt.Errorf("postgres: %s: %w", op, err)
}

// unavailable keeps what happened for people to read but not for errors.Is: a
// limit of ours that ran out is not the caller's deadline.
func unavailable(err error) error { return fmt.Errorf("%w: %v", store.ErrUnavailable, err) }

// SQLSTATE classes and codes, https://www.postgresql.org/docs/15/errcodes-appendix.html
const (
	classData       = "22" // a value that does not fit
	classConstraint = "23"
	classAuth       = "28" // no such role, wrong password
	noDatabase      = "3D000"
	noPrivilege     = "42501"
	noTable         = "42P01"
)

// refusedRow: the server would answer the same every time.
func refusedRow(err error) bool { return hasCode(err, classData, classConstraint) }

// openErr tells a server that is away from one that will never let us in.
func openErr(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case hasCode(err, classAuth, noDatabase, noPrivilege):
		return err
	case isConnection(err), hasCode(err, "08", "53", "57"): // connection, resources, shutting down or starting
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// isConnection: no server answered, or it went away.
func isConnection(err error) bool {
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	return !errors.As(err, &server) && (errors.As(err, &connect) || pgconn.SafeToRetry(err) || pgconn.Timeout(err))
}

// hasCode: the server's own error begins with one of these.
func hasCode(err error, prefixes ...string) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	for _, p := range prefixes {
		if len(server.Code) >= len(p) && server.Code[:len(p)] == p {
			return true
		}
	}
	return false
}

// isError: the server refused with ERROR, which ends a transaction without a
// trace, even in COMMIT. FATAL may come after the commit was done.
func isError(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.SeverityUnlocalized == "ERROR"
}

func says(err error, any ...error) bool {
	for _, a := range any {
		if errors.Is(err, a) {
			return true
		}
	}
	return false
}
