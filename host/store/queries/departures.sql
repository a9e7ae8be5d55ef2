-- What follows puts a stand-in's number in the place of a person's, or (when
-- they come back) a person's in the place of the stand-in's.

-- name: DeleteAccount :exec
DELETE FROM accounts WHERE person_id = @person_id;

-- name: DeletePerson :execrows
DELETE FROM people WHERE id = @id;

-- name: MoveCallsAsCaller :exec
UPDATE calls SET caller = @stead WHERE caller = @person_id;

-- name: MoveCallsAsCallee :exec
UPDATE calls SET callee = @stead WHERE callee = @person_id;

-- name: MoveCallsEnded :exec
UPDATE calls SET ended_by = @stead WHERE ended_by = @person_id;

-- name: CooldownsWith :many
SELECT * FROM cooldowns WHERE a = @person_id OR b = @person_id;

-- name: InsertCooldown :exec
INSERT INTO cooldowns (a, b, lobby, call_id, set_at, until, reason, digest, met)
VALUES (@a, @b, @lobby, @call_id, @set_at, @until, @reason, @digest, @met)
ON CONFLICT DO NOTHING;

-- name: DeleteCooldownsWith :exec
DELETE FROM cooldowns WHERE a = @person_id OR b = @person_id;

-- name: DeleteBlocksBy :exec
DELETE FROM blocks WHERE by_person = @person_id;

-- name: BlocksOf :many
SELECT * FROM blocks WHERE of_person = @person_id;

-- name: DeleteBlocksOf :exec
DELETE FROM blocks WHERE of_person = @person_id;

-- name: MoveReportsBy :exec
-- What they said of others stays counted; their own words go.
UPDATE reports SET by_person = @stead, note = '' WHERE by_person = @person_id;

-- name: MoveReportsOf :exec
UPDATE reports SET of_person = @stead WHERE of_person = @person_id AND by_person <> @stead;

-- name: MoveBan :exec
UPDATE bans SET person_id = @stead WHERE person_id = @person_id;

-- name: MoveRulings :exec
UPDATE rulings SET person_id = @stead WHERE person_id = @person_id;

-- name: InsertDeparted :exec
INSERT INTO departed (email_hash, person_id, until)
VALUES (@email_hash, @person_id, @until)
ON CONFLICT DO NOTHING;

-- name: DepartedByEmail :one
SELECT * FROM departed WHERE email_hash = @email_hash AND until > @now;

-- name: DeleteDeparted :exec
DELETE FROM departed WHERE email_hash = @email_hash OR until <= @now;
