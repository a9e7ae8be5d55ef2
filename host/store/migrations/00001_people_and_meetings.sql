-- The one schema, read by SQLite and PostgreSQL alike. So: only bigint and
-- text, never NULL; ids are made by the application; times are Unix
-- milliseconds (0: not yet); lists are JSON text that no query looks into.

-- +goose Up
CREATE TABLE people (
    id         BIGINT NOT NULL PRIMARY KEY,
    guest      BIGINT NOT NULL, -- 0 or 1
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    gender     BIGINT NOT NULL,
    seeking    BIGINT NOT NULL, -- bit set
    age        BIGINT NOT NULL,
    age_min    BIGINT NOT NULL,
    age_max    BIGINT NOT NULL,
    tags       TEXT   NOT NULL, -- JSON array of strings
    langs      TEXT   NOT NULL, -- JSON array of strings
    bio        TEXT   NOT NULL,
    socials    TEXT   NOT NULL, -- JSON array of {kind, handle}
    photo      TEXT   NOT NULL, -- media id, '' none
    attrs      TEXT   NOT NULL  -- JSON object of integers
);

CREATE TABLE sessions (
    token_hash TEXT   NOT NULL PRIMARY KEY, -- hex SHA-256, never the token
    person_id  BIGINT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id);

-- What two people did together outlives either of them leaving for good: the
-- other keeps their history, without a name. Hence no foreign key below.

CREATE TABLE calls (
    id             BIGINT NOT NULL PRIMARY KEY,
    lobby          TEXT   NOT NULL DEFAULT 'main',
    caller         BIGINT NOT NULL,
    callee         BIGINT NOT NULL,
    seconds        BIGINT NOT NULL, -- agreed
    started_at     BIGINT NOT NULL,
    deadline       BIGINT NOT NULL,
    cooldown_until BIGINT NOT NULL, -- the provisional one; what holds is in cooldowns
    ended_at       BIGINT NOT NULL, -- 0 while it runs
    reason         TEXT   NOT NULL,
    ended_by       BIGINT NOT NULL  -- 0 nobody
);
CREATE INDEX calls_by_caller ON calls (caller, started_at);
CREATE INDEX calls_by_callee ON calls (callee, started_at);
CREATE INDEX calls_open ON calls (started_at) WHERE ended_at = 0;

CREATE TABLE cooldowns (
    a       BIGINT NOT NULL, -- the smaller id
    b       BIGINT NOT NULL,
    lobby   TEXT   NOT NULL DEFAULT 'main',
    call_id BIGINT NOT NULL, -- the meeting it came of
    set_at  BIGINT NOT NULL,
    until   BIGINT NOT NULL, -- at or before set_at: lifted
    reason  TEXT   NOT NULL,
    digest  TEXT   NOT NULL, -- plugin and params that decided, '' the rules
    met     BIGINT NOT NULL, -- how often the two have been in a call
    PRIMARY KEY (a, b),
    CHECK (a < b)
);
CREATE INDEX cooldowns_by_b ON cooldowns (b);

CREATE TABLE blocks (
    by_person BIGINT NOT NULL,
    of_person BIGINT NOT NULL,
    lobby     TEXT   NOT NULL DEFAULT 'main',
    set_at    BIGINT NOT NULL,
    PRIMARY KEY (by_person, of_person)
);
CREATE INDEX blocks_by_of ON blocks (of_person);

CREATE TABLE reports (
    by_person BIGINT NOT NULL,
    of_person BIGINT NOT NULL,
    lobby     TEXT   NOT NULL DEFAULT 'main',
    filed_at  BIGINT NOT NULL,
    call_id   BIGINT NOT NULL, -- 0 none
    reason    TEXT   NOT NULL,
    note      TEXT   NOT NULL,
    PRIMARY KEY (by_person, of_person, filed_at)
);

-- +goose Down
DROP TABLE reports;
DROP TABLE blocks;
DROP TABLE cooldowns;
DROP TABLE calls;
DROP TABLE sessions;
DROP TABLE people;
