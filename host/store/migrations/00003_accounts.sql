-- Logins by email, what operators decide about people, and what is kept of
-- those who deleted themselves. The rules of 00001 hold here too.

-- +goose Up
CREATE TABLE accounts (
    person_id BIGINT NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    email     TEXT   NOT NULL, -- as its person wrote it
    email_key TEXT   NOT NULL UNIQUE, -- folded, so that one mailbox is one account
    password  TEXT   NOT NULL, -- PHC string of argon2id, never the password
    since     BIGINT NOT NULL
);

-- Who may not come in. Lifted: the row goes. No foreign key: the number of
-- somebody who deleted themselves can be banned, too.
CREATE TABLE bans (
    person_id BIGINT NOT NULL PRIMARY KEY,
    since     BIGINT NOT NULL,
    by_whom   TEXT   NOT NULL, -- the operator
    reason    TEXT   NOT NULL
);

-- The audit log of operators. A ban and a vindication settle the reports filed before them.
CREATE TABLE rulings (
    person_id BIGINT NOT NULL,
    ruled_at  BIGINT NOT NULL,
    by_whom   TEXT   NOT NULL,
    action    TEXT   NOT NULL, -- ban, unban, vindicate
    reason    TEXT   NOT NULL,
    PRIMARY KEY (person_id, ruled_at)
);
CREATE INDEX rulings_by_time ON rulings (ruled_at);

-- Under which number the blocks against somebody who deleted their account
-- wait, should the same email come back.
CREATE TABLE departed (
    email_hash TEXT   NOT NULL PRIMARY KEY, -- argon2id of the folded email, hex
    person_id  BIGINT NOT NULL, -- the stand-in that rows now name; never an id anybody had
    until      BIGINT NOT NULL
);

CREATE INDEX reports_by_of ON reports (of_person, filed_at);
CREATE INDEX reports_by_time ON reports (filed_at);
CREATE INDEX people_by_photo ON people (photo);

-- +goose Down
DROP INDEX people_by_photo;
DROP INDEX reports_by_time;
DROP INDEX reports_by_of;
DROP TABLE departed;
DROP TABLE rulings;
DROP TABLE bans;
DROP TABLE accounts;
