-- Which plugin serves which hook, and who changed it. The plugins' bytes lie in
-- files beside the database, named by digest.

-- +goose Up
CREATE TABLE plugin_versions (
    digest      TEXT   NOT NULL PRIMARY KEY, -- hex SHA-256 of the file
    about       TEXT   NOT NULL, -- JSON, what its manifest says
    bytes       BIGINT NOT NULL,
    loaded_at   BIGINT NOT NULL,
    quarantined TEXT   NOT NULL  -- why, '' it is not
);

CREATE TABLE plugin_generations (
    hook   TEXT   NOT NULL,
    rev    BIGINT NOT NULL, -- grows with every change of the hook; the greatest one serves
    digest TEXT   NOT NULL, -- of a version, or 'native:' and a name for a rule compiled in
    name   TEXT   NOT NULL,
    params TEXT   NOT NULL, -- JSON object of integers
    paused BIGINT NOT NULL, -- 0 or 1
    back   BIGINT NOT NULL, -- the rev a roll back returns to, 0 none
    since  BIGINT NOT NULL,
    by_whom TEXT  NOT NULL,
    PRIMARY KEY (hook, rev)
);

CREATE TABLE plugin_changes (
    at     BIGINT NOT NULL PRIMARY KEY, -- the application sees to it that no two are alike
    who    TEXT   NOT NULL,
    action TEXT   NOT NULL,
    hook   TEXT   NOT NULL, -- '' none
    digest TEXT   NOT NULL,
    before TEXT   NOT NULL, -- generations, for people
    after  TEXT   NOT NULL,
    result TEXT   NOT NULL  -- 'ok', or why not
);

-- +goose Down
DROP TABLE plugin_changes;
DROP TABLE plugin_generations;
DROP TABLE plugin_versions;
