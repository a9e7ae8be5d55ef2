-- name: InsertCall :execrows
INSERT INTO calls (
    id, caller, callee, seconds, started_at, deadline, cooldown_until, ended_at, reason, ended_by
) VALUES (
    @id, @caller, @callee, @seconds, @started_at, @deadline, @cooldown_until, 0, '', 0
) ON CONFLICT DO NOTHING;

-- name: CallByID :one
SELECT * FROM calls WHERE id = @id;

-- name: EndCall :execrows
UPDATE calls SET ended_at = @ended_at, reason = @reason, ended_by = @ended_by
WHERE id = @id AND ended_at = 0;

-- name: OpenCalls :many
SELECT * FROM calls WHERE ended_at = 0 ORDER BY started_at, id;

-- name: SetCooldown :exec
-- Replaces what the same meeting set; against another's, the later one stays.
INSERT INTO cooldowns (a, b, call_id, set_at, until, reason, digest, met)
VALUES (@a, @b, @call_id, @set_at, @until, @reason, @digest, 0)
ON CONFLICT (a, b) DO UPDATE SET
    call_id = excluded.call_id, set_at = excluded.set_at, until = excluded.until,
    reason = excluded.reason, digest = excluded.digest
WHERE cooldowns.call_id = excluded.call_id OR cooldowns.until < excluded.until;

-- name: CountMeeting :exec
UPDATE cooldowns SET met = met + 1 WHERE a = @a AND b = @b;

-- name: UncountMeeting :exec
UPDATE cooldowns SET met = met - 1 WHERE a = @a AND b = @b AND met > 0;

-- name: InsertBlock :exec
INSERT INTO blocks (by_person, of_person, set_at)
VALUES (@by_person, @of_person, @set_at)
ON CONFLICT DO NOTHING;

-- name: InsertReport :exec
INSERT INTO reports (by_person, of_person, filed_at, call_id, reason, note)
VALUES (@by_person, @of_person, @filed_at, @call_id, @reason, @note)
ON CONFLICT DO NOTHING;

-- name: CooldownBars :many
-- Those that are over count too where the two have met: the policy asks how often.
SELECT a, b, until, reason, met FROM cooldowns
WHERE (a = @person OR b = @person) AND (until > @now OR met > 0);

-- name: BlockBars :many
SELECT k.by_person, k.of_person, COALESCE(c.met, 0) AS met
FROM blocks AS k
LEFT JOIN cooldowns AS c ON (c.a = k.by_person AND c.b = k.of_person) OR (c.a = k.of_person AND c.b = k.by_person)
WHERE k.by_person = @person OR k.of_person = @person;

-- name: Cooldowns :many
SELECT c.a, c.b, c.until, c.reason, COALESCE(p.name, '') AS other_name
FROM cooldowns AS c
LEFT JOIN people AS p ON p.id = CASE WHEN c.a = @person THEN c.b ELSE c.a END
WHERE (c.a = @person OR c.b = @person) AND c.until > @now
ORDER BY c.until, c.a, c.b;

-- name: History :many
-- A voided call never took place for its people, so it is in no history.
SELECT c.id, c.caller, c.callee, c.seconds, c.started_at, c.ended_at, c.reason,
    COALESCE(p.name, '') AS other_name,
    COALESCE(p.photo, '') AS other_photo,
    COALESCE(d.until, 0) AS cooldown_until
FROM calls AS c
LEFT JOIN people AS p ON p.id = CASE WHEN c.caller = @person THEN c.callee ELSE c.caller END
LEFT JOIN cooldowns AS d ON d.call_id = c.id AND d.until > d.set_at
    AND d.a = CASE WHEN c.caller < c.callee THEN c.caller ELSE c.callee END
    AND d.b = CASE WHEN c.caller < c.callee THEN c.callee ELSE c.caller END
WHERE (c.caller = @person OR c.callee = @person) AND c.started_at < @before AND c.reason <> 'void'
ORDER BY c.started_at DESC, c.id DESC
LIMIT @at_most;
