-- name: SessionOf :one
SELECT s.token_hash, s.person_id, s.created_at, s.expires_at, p.guest, COALESCE(b.since, 0) AS banned_since
FROM sessions AS s
JOIN people AS p ON p.id = s.person_id
LEFT JOIN bans AS b ON b.person_id = s.person_id
WHERE s.token_hash = @token_hash AND s.expires_at > @now;

-- name: RenewSession :execrows
UPDATE sessions SET expires_at = @expires_at WHERE token_hash = @token_hash;

-- name: DeleteSessionsBut :exec
DELETE FROM sessions WHERE person_id = @person_id AND token_hash <> @keep;

-- name: SessionsOf :many
SELECT * FROM sessions WHERE person_id = @person_id AND expires_at > @now ORDER BY created_at DESC, token_hash;

-- name: BanOf :one
SELECT * FROM bans WHERE person_id = @person_id;

-- name: InsertAccount :execrows
INSERT INTO accounts (person_id, email, email_key, password, since)
VALUES (@person_id, @email, @email_key, @password, @since)
ON CONFLICT DO NOTHING;

-- name: AccountOf :one
SELECT * FROM accounts WHERE person_id = @person_id;

-- name: AccountByEmail :one
SELECT * FROM accounts WHERE email_key = @email_key;

-- name: SetPassword :execrows
UPDATE accounts SET password = @password WHERE person_id = @person_id AND password = @was;

-- name: MakePermanent :execrows
UPDATE people SET guest = 0 WHERE id = @id AND guest = 1;

-- name: BlocksBy :many
SELECT k.of_person, k.set_at, COALESCE(p.name, '') AS other_name
FROM blocks AS k
LEFT JOIN people AS p ON p.id = k.of_person
WHERE k.by_person = @person_id
ORDER BY k.set_at, k.of_person;

-- name: ReportsBy :many
SELECT r.of_person, r.filed_at, r.call_id, r.reason, r.note, COALESCE(p.name, '') AS other_name
FROM reports AS r
LEFT JOIN people AS p ON p.id = r.of_person
WHERE r.by_person = @person_id
ORDER BY r.filed_at, r.of_person;

-- name: PhotoUsers :one
SELECT COUNT(*) FROM people WHERE photo = @photo;
