// Package transfer copies a whole database into another, across backends: every
// table and row, whatever a migration made of them, compared afterwards by count
// and checksum. Photos and plugins are not in a database; they stay in the data folder.
package transfer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/napalmsky/napalmsky/host/store/migrations"
)

// End is one database of a copy, as its backend describes it.
type End struct {
	DB       *sql.DB
	Schema   *migrations.Schema
	Tables   string         // a query for the tables' names, in the order they were made
	Bind     string         // what comes before a parameter's number
	Snapshot *sql.TxOptions // for reads that all see one moment
}

var (
	// ErrNotEmpty: there is a row in the target already.
	ErrNotEmpty = errors.New("the target is not empty")
	// ErrDiffers: the target did not read back as it was written.
	ErrDiffers = errors.New("the target differs from the source")
	// ErrOldSource: the source's schema is not this program's.
	ErrOldSource = errors.New("the source has another schema version than this program; run its migrations first")
)

// Progress says how far a table is.
type Progress struct {
	Table       string
	Rows, Total int64
}

// Table is one table's copy. Sum does not depend on the rows' order.
type Table struct {
	Name string
	Rows int64
	Sum  Sum
}

// bookkeeping is the migrations' own table: the target keeps its own.
const bookkeeping = "goose_db_version"

// params bounds the parameters of one statement (SQLite takes 32,766).
const params = 8_000

// Copy brings the target's schema up to date and copies every row in one
// transaction: an error, at whatever moment, leaves the target without a row.
// The source is read as of one moment and not changed; what is written to it
// meanwhile is missed, so stop its server first. report may be nil; it is called
// after every few hundred rows.
func Copy(ctx context.Context, from, to *End, report func(Progress)) ([]Table, error) {
	if have, want, err := from.Schema.Versions(ctx); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	} else if have != want {
		return nil, fmt.Errorf("version %d, not %d: %w", have, want, ErrOldSource)
	}
	if _, err := to.Schema.Up(ctx); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	source, err := from.DB.BeginTx(ctx, from.Snapshot)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	defer func() { _ = source.Rollback() }() // nothing was written
	target, err := to.DB.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer func() { _ = target.Rollback() }() // after a commit it does nothing
	names, err := tables(ctx, source, from, target, to)
	if err != nil {
		return nil, err
	}
	if report == nil {
		report = func(Progress) {}
	}
	var done []Table
	for _, name := range names {
		t, err := copyTable(ctx, source, target, to.Bind, name, report)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		done = append(done, t)
	}
	if err := target.Commit(); err != nil {
		return nil, fmt.Errorf("target: commit: %w", err)
	}
	return done, nil
}

// tables lists what is to be copied, and refuses a target with other tables or any row.
func tables(ctx context.Context, source *sql.Tx, from *End, target *sql.Tx, to *End) ([]string, error) {
	names, err := list(ctx, source, from.Tables)
	if err != nil {
		return nil, fmt.Errorf("source: tables: %w", err)
	}
	there, err := list(ctx, target, to.Tables)
	if err != nil {
		return nil, fmt.Errorf("target: tables: %w", err)
	}
	if !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(there))) {
		return nil, fmt.Errorf("tables %v, in the target %v: %w", names, there, ErrDiffers)
	}
	for _, name := range there {
		n, err := count(ctx, target, name)
		if err != nil {
			return nil, fmt.Errorf("target: %s: %w", name, err)
		}
		if n > 0 {
			return nil, fmt.Errorf("%s has %d rows: %w", name, n, ErrNotEmpty)
		}
	}
	return names, nil
}

func list(ctx context.Context, tx *sql.Tx, query string) (names []string, err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if name != bookkeeping {
			names = append(names, name)
		}
	}
	return names, rows.Err()
}

func count(ctx context.Context, tx *sql.Tx, table string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+quote(table)).Scan(&n)
	return n, err
}

// copyTable copies one table and reads it back.
func copyTable(ctx context.Context, source, target *sql.Tx, bind, name string, report func(Progress)) (Table, error) {
	total, err := count(ctx, source, name)
	if err != nil {
		return Table{}, fmt.Errorf("source: %w", err)
	}
	report(Progress{name, 0, total})
	var into *inserter
	read, err := scan(ctx, source, name, nil, func(columns []string, row []any, n int64) error {
		if into == nil {
			into = &inserter{tx: target, bind: bind, table: name, columns: columns}
		}
		full, err := into.add(ctx, row)
		if full {
			report(Progress{name, n, total})
		}
		return err
	})
	if err == nil && into != nil {
		err = into.flush(ctx)
	}
	if err != nil {
		return Table{}, err
	}
	var columns []string
	if into != nil {
		columns = into.columns
	}
	wrote, err := scan(ctx, target, name, columns, func([]string, []any, int64) error { return nil })
	if err != nil {
		return Table{}, fmt.Errorf("target: %w", err)
	}
	if wrote != read {
		return Table{}, fmt.Errorf("%d rows %s, in the target %d rows %s: %w", read.Rows, read.Sum, wrote.Rows, wrote.Sum, ErrDiffers)
	}
	report(Progress{name, read.Rows, total})
	return read, nil
}

// scan reads a table, adds it up and hands every row to each. The columns are
// the given ones or, without any, all of them in the table's own order.
func scan(ctx context.Context, tx *sql.Tx, name string, columns []string, each func(columns []string, row []any, n int64) error) (Table, error) {
	what := "*"
	if columns != nil {
		what = quoted(columns)
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+what+" FROM "+quote(name))
	if err != nil {
		return Table{}, err
	}
	defer rows.Close()
	if columns == nil {
		if columns, err = rows.Columns(); err != nil {
			return Table{}, err
		}
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	t := Table{Name: name}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return Table{}, err
		}
		if err := t.Sum.add(row); err != nil {
			return Table{}, err
		}
		t.Rows++
		if err := each(columns, row, t.Rows); err != nil {
			return Table{}, err
		}
	}
	return t, rows.Err()
}

// inserter writes rows in statements of as many as fit.
type inserter struct {
	tx          *sql.Tx
	bind, table string
	columns     []string
	values      []any
}

func (i *inserter) add(ctx context.Context, row []any) (full bool, err error) {
	i.values = append(i.values, row...)
	if len(i.values)+len(i.columns) <= params {
		return false, nil
	}
	return true, i.flush(ctx)
}

func (i *inserter) flush(ctx context.Context) error {
	if len(i.values) == 0 {
		return nil
	}
	var q strings.Builder
	fmt.Fprintf(&q, "INSERT INTO %s (%s) VALUES ", quote(i.table), quoted(i.columns))
	for n := range i.values {
		switch {
		case n == 0:
			q.WriteByte('(')
		case n%len(i.columns) == 0:
			q.WriteString("), (")
		default:
			q.WriteString(", ")
		}
		fmt.Fprint(&q, i.bind, n+1)
	}
	q.WriteByte(')')
	_, err := i.tx.ExecContext(ctx, q.String(), i.values...)
	i.values = i.values[:0]
	if err != nil {
		return fmt.Errorf("target: insert: %w", err)
	}
	return nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = quote(n)
	}
	return strings.Join(q, ", ")
}
