-- name: Reports :many
-- Newest first; of one person or (0) all; the open ones or (every 1) the settled, too.
SELECT r.by_person, r.of_person, r.filed_at, r.call_id, r.reason, r.note,
    COALESCE(f.name, '') AS by_name,
    COALESCE(p.name, '') AS of_name,
    COALESCE(b.since, 0) AS banned_since,
    (SELECT COUNT(DISTINCT o.by_person) FROM reports AS o WHERE o.of_person = r.of_person) AS reporters,
    (SELECT COUNT(*) FROM rulings AS u
     WHERE u.person_id = r.of_person AND u.ruled_at >= r.filed_at AND u.action <> 'unban') AS settled
FROM reports AS r
LEFT JOIN people AS f ON f.id = r.by_person
LEFT JOIN people AS p ON p.id = r.of_person
LEFT JOIN bans AS b ON b.person_id = r.of_person
WHERE r.filed_at < @before
    AND (CAST(@of_person AS BIGINT) = 0 OR r.of_person = CAST(@of_person AS BIGINT))
    AND (CAST(@every AS BIGINT) = 1 OR NOT EXISTS (
        SELECT 1 FROM rulings AS u
        WHERE u.person_id = r.of_person AND u.ruled_at >= r.filed_at AND u.action <> 'unban'))
ORDER BY r.filed_at DESC, r.of_person, r.by_person
LIMIT @at_most;

-- name: CountReportsOf :one
SELECT COUNT(*) FROM reports WHERE of_person = @person_id;

-- name: InsertRuling :execrows
INSERT INTO rulings (person_id, ruled_at, by_whom, action, reason)
VALUES (@person_id, @ruled_at, @by_whom, @action, @reason)
ON CONFLICT DO NOTHING;

-- name: RulingAt :one
SELECT * FROM rulings WHERE person_id = @person_id AND ruled_at = @ruled_at;

-- name: Rulings :many
SELECT * FROM rulings WHERE ruled_at < @before ORDER BY ruled_at DESC, person_id LIMIT @at_most;

-- name: InsertBan :exec
INSERT INTO bans (person_id, since, by_whom, reason)
VALUES (@person_id, @since, @by_whom, @reason)
ON CONFLICT (person_id) DO UPDATE SET since = excluded.since, by_whom = excluded.by_whom, reason = excluded.reason;

-- name: DeleteBan :exec
DELETE FROM bans WHERE person_id = @person_id;

-- name: FindPeople :many
-- Newest first; those with part in their name, or with this number. LIKE has its own mind about case in each database.
SELECT p.id, p.name, p.guest, p.created_at, COALESCE(b.since, 0) AS banned_since
FROM people AS p
LEFT JOIN bans AS b ON b.person_id = p.id
WHERE p.created_at < @before
    AND (CAST(@part AS TEXT) = '' OR p.id = CAST(@id AS BIGINT)
        OR REPLACE(LOWER(p.name), LOWER(CAST(@part AS TEXT)), '') <> LOWER(p.name))
ORDER BY p.created_at DESC, p.id
LIMIT @at_most;
