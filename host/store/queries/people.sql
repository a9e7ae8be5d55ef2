-- name: Probe :one
SELECT COUNT(*) FROM (SELECT id FROM people LIMIT 1) AS one;

-- name: InsertPerson :execrows
INSERT INTO people (
    id, guest, version, created_at, name, gender, seeking, age, age_min, age_max,
    tags, langs, bio, socials, photo, attrs
) VALUES (
    @id, @guest, @version, @created_at, @name, @gender, @seeking, @age, @age_min, @age_max,
    @tags, @langs, @bio, @socials, @photo, @attrs
) ON CONFLICT DO NOTHING;

-- name: InsertSession :execrows
INSERT INTO sessions (token_hash, person_id, created_at, expires_at)
VALUES (@token_hash, @person_id, @created_at, @expires_at)
ON CONFLICT DO NOTHING;

-- name: SessionByHash :one
SELECT * FROM sessions WHERE token_hash = @token_hash;

-- name: Login :one
SELECT person_id FROM sessions
WHERE token_hash = @token_hash AND expires_at > @now
    AND NOT EXISTS (SELECT 1 FROM bans WHERE bans.person_id = sessions.person_id);

-- name: DeleteSession :exec
DELETE FROM sessions WHERE token_hash = @token_hash;

-- name: PersonByID :one
SELECT * FROM people WHERE id = @id;

-- name: SaveProfile :execrows
UPDATE people SET
    version = version + 1,
    name = @name, gender = @gender, seeking = @seeking, age = @age, age_min = @age_min, age_max = @age_max,
    tags = @tags, langs = @langs, bio = @bio, socials = @socials, photo = @photo, attrs = @attrs
WHERE id = @id AND version = @version;
