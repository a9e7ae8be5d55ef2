-- name: SweepSessions :execrows
DELETE FROM sessions WHERE token_hash IN (
    SELECT s.token_hash FROM sessions AS s WHERE s.expires_at <= @now LIMIT @at_most
);

-- name: SweepCooldowns :execrows
-- Where two have met it is remembered longer: the policy asks how often.
DELETE FROM cooldowns WHERE (a, b) IN (
    SELECT c.a, c.b FROM cooldowns AS c
    WHERE c.until <= @now AND (c.met = 0 OR c.until <= @forget) LIMIT @at_most
);

-- name: SweepDeparted :execrows
DELETE FROM departed WHERE until <= @now;

-- name: FinishedCalls :many
SELECT * FROM calls WHERE started_at < @before AND ended_at > 0 ORDER BY started_at, id LIMIT @at_most;

-- name: DeleteCall :execrows
DELETE FROM calls WHERE id = @id AND ended_at > 0;

-- name: NewestChunk :one
SELECT * FROM call_archive WHERE person_id = @person_id ORDER BY n DESC LIMIT 1;

-- name: PutChunk :exec
INSERT INTO call_archive (person_id, n, first_at, last_at, calls, body)
VALUES (@person_id, @n, @first_at, @last_at, @calls, @body)
ON CONFLICT (person_id, n) DO UPDATE SET
    first_at = excluded.first_at, last_at = excluded.last_at, calls = excluded.calls, body = excluded.body;

-- name: Chunk :one
SELECT * FROM call_archive WHERE person_id = @person_id AND n = @n;

-- name: ChunksBefore :many
SELECT * FROM call_archive WHERE person_id = @person_id AND n < @below AND first_at < @before ORDER BY n DESC LIMIT @at_most;

-- name: DeleteChunks :exec
DELETE FROM call_archive WHERE person_id = @person_id;
