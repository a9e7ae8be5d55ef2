-- Finished calls that are old enough move here: for each of the two people some
-- dozens of theirs in one compressed text, the newest chunk with the greatest n.
-- The rules of 00001 hold here too.

-- +goose Up
CREATE TABLE call_archive (
    person_id BIGINT NOT NULL,
    n         BIGINT NOT NULL, -- 0, 1, …: the calls of one lie before those of the next
    first_at  BIGINT NOT NULL, -- when its earliest call started
    last_at   BIGINT NOT NULL, -- when its latest did
    calls     BIGINT NOT NULL,
    body      TEXT   NOT NULL, -- base64 of deflated JSON, see store.EncodeChunk
    PRIMARY KEY (person_id, n)
);

-- What the chores look for.
CREATE INDEX calls_by_start ON calls (started_at, id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX cooldowns_by_end ON cooldowns (until);

-- +goose Down
DROP INDEX cooldowns_by_end;
DROP INDEX sessions_by_end;
DROP INDEX calls_by_start;
DROP TABLE call_archive;
