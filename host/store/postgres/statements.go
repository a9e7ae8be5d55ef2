package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres/db"
)

// What sqlc cannot write: a statement for many rows, given as columns. Each does
// what its namesake in ../queries does to one row.

// laterWins is SetCooldown's rule, which a new call's provisional cooldown
// follows too: it replaces what the same meeting set; against another's, the
// later one stays.
const laterWins = `c.call_id = excluded.call_id OR c.until < excluded.until`

const startCalls = `
WITH fresh AS (
	INSERT INTO calls (id, caller, callee, seconds, started_at, deadline, cooldown_until, ended_at, reason, ended_by)
	SELECT *, 0, '', 0 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
	ON CONFLICT DO NOTHING
	RETURNING id, caller, callee, started_at, cooldown_until
), barred AS (
	INSERT INTO cooldowns AS c (a, b, call_id, set_at, until, reason, digest, met)
	SELECT LEAST(caller, callee), GREATEST(caller, callee), id, started_at, cooldown_until, '` + store.ReasonCall + `', '', 1 FROM fresh
	ON CONFLICT (a, b) DO UPDATE SET
		call_id = CASE WHEN ` + laterWins + ` THEN excluded.call_id ELSE c.call_id END,
		set_at  = CASE WHEN ` + laterWins + ` THEN excluded.set_at ELSE c.set_at END,
		until   = CASE WHEN ` + laterWins + ` THEN excluded.until ELSE c.until END,
		reason  = CASE WHEN ` + laterWins + ` THEN excluded.reason ELSE c.reason END,
		digest  = CASE WHEN ` + laterWins + ` THEN excluded.digest ELSE c.digest END,
		met     = c.met + 1
)
SELECT id FROM fresh`

func (b *batch) queueStarts(out *pgx.Batch, at []int) {
	if len(at) == 0 {
		return
	}
	var id, caller, callee, seconds, started, deadline, until []int64
	for _, n := range at {
		w := b.writes[n].(lobby.CallStart)
		id = append(id, int64(w.Call))
		caller = append(caller, int64(w.A))
		callee = append(callee, int64(w.B))
		seconds = append(seconds, int64(w.Seconds))
		started = append(started, w.StartedAt)
		deadline = append(deadline, w.Deadline)
		until = append(until, w.CooldownUntil)
	}
	out.Queue(startCalls, id, caller, callee, seconds, started, deadline, until).Query(func(rows pgx.Rows) error {
		fresh, err := idSet(rows)
		for _, n := range at {
			if !fresh[int64(b.writes[n].(lobby.CallStart).Call)] {
				b.again = append(b.again, n)
			}
		}
		return err
	})
}

// The last SELECT sees the table as it was before the statement; a call is
// never deleted by an end, so that is who exists.
const endCalls = `
WITH ended AS (
	UPDATE calls AS c SET ended_at = w.ended_at, reason = w.reason, ended_by = w.ended_by
	FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) AS w (id, ended_at, reason, ended_by)
	WHERE c.id = w.id AND c.ended_at = 0
	RETURNING c.caller, c.callee, c.reason
), void AS (
	SELECT LEAST(caller, callee) AS a, GREATEST(caller, callee) AS b, COUNT(*) AS calls
	FROM ended WHERE reason = '` + store.ReasonVoid + `' GROUP BY 1, 2
), uncounted AS (
	UPDATE cooldowns AS c SET met = GREATEST(met - void.calls, 0) FROM void WHERE c.a = void.a AND c.b = void.b
)
SELECT id FROM calls WHERE id = ANY($1)`

func (b *batch) queueEnds(out *pgx.Batch, at []int, errs []error) {
	if len(at) == 0 {
		return
	}
	var id, ended, by []int64
	var reason []string
	for _, n := range at {
		w := b.writes[n].(lobby.CallEnd)
		id = append(id, int64(w.Call))
		ended = append(ended, w.EndedAt)
		reason = append(reason, w.Reason)
		by = append(by, int64(w.By))
	}
	out.Queue(endCalls, id, ended, reason, by).Query(func(rows pgx.Rows) error {
		known, err := idSet(rows)
		for i, n := range at {
			if !known[id[i]] {
				errs[n] = fmt.Errorf("call %d: %w", id[i], store.ErrNotFound)
			}
		}
		return err
	})
}

const setCooldowns = `
INSERT INTO cooldowns AS c (a, b, call_id, set_at, until, reason, digest, met)
SELECT *, 0 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
ON CONFLICT (a, b) DO UPDATE SET
	call_id = excluded.call_id, set_at = excluded.set_at, until = excluded.until,
	reason = excluded.reason, digest = excluded.digest
WHERE ` + laterWins

func (b *batch) queueCooldowns(out *pgx.Batch, at []int) {
	if len(at) == 0 {
		return
	}
	var x, y, call, set, until []int64
	var reason, digest []string
	for _, n := range at {
		w := b.writes[n].(lobby.CooldownSet)
		pair := lobby.PairOf(w.A, w.B)
		x = append(x, int64(pair.A))
		y = append(y, int64(pair.B))
		call = append(call, int64(w.Call))
		set = append(set, w.SetAt)
		until = append(until, w.Until)
		reason = append(reason, w.Reason)
		digest = append(digest, w.Digest)
	}
	out.Queue(setCooldowns, x, y, call, set, until, reason, digest)
}

const insertBlocks = `
INSERT INTO blocks (by_person, of_person, set_at)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
ON CONFLICT DO NOTHING`

func (b *batch) queueBlocks(out *pgx.Batch, at []int) {
	if len(at) == 0 {
		return
	}
	var by, of, set []int64
	for _, n := range at {
		w, is := b.writes[n].(lobby.BlockSet)
		if r, reported := b.writes[n].(lobby.ReportFiled); !is && reported {
			w = lobby.BlockSet{By: r.By, Of: r.Of, At: r.At}
		}
		by = append(by, int64(w.By))
		of = append(of, int64(w.Of))
		set = append(set, w.At)
	}
	out.Queue(insertBlocks, by, of, set)
}

const insertReports = `
INSERT INTO reports (by_person, of_person, filed_at, call_id, reason, note)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING`

func (b *batch) queueReports(out *pgx.Batch, at []int) {
	if len(at) == 0 {
		return
	}
	var by, of, filed, call []int64
	var reason, note []string
	for _, n := range at {
		w := b.writes[n].(lobby.ReportFiled)
		by = append(by, int64(w.By))
		of = append(of, int64(w.Of))
		filed = append(filed, w.At)
		call = append(call, int64(w.Call))
		reason = append(reason, w.Reason)
		note = append(note, store.Note(w.Body))
	}
	out.Queue(insertReports, by, of, filed, call, reason, note)
}

const selectCalls = `SELECT id, caller, callee, seconds, started_at, deadline, cooldown_until FROM calls WHERE id = ANY($1)`

func callsByID(ctx context.Context, tx pgx.Tx, ids []int64) (map[lobby.CallID]lobby.CallStart, error) {
	rows, err := tx.Query(ctx, selectCalls, ids)
	if err != nil {
		return nil, err
	}
	calls := map[lobby.CallID]lobby.CallStart{}
	var r db.Call
	_, err = pgx.ForEachRow(rows, []any{&r.ID, &r.Caller, &r.Callee, &r.Seconds, &r.StartedAt, &r.Deadline, &r.CooldownUntil}, func() error {
		calls[lobby.CallID(r.ID)] = callStart(r)
		return nil
	})
	return calls, err
}

// idSet reads rows of one id each.
func idSet(rows pgx.Rows) (map[int64]bool, error) {
	ids := map[int64]bool{}
	var id int64
	_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
		ids[id] = true
		return nil
	})
	return ids, err
}
