-- Which server had this database last: PostgreSQL's advisory lock says who has it
-- now, and does not remember. SQLite's file is locked with its folder. The rules
-- of 00001 hold here too.

-- +goose Up
CREATE TABLE claim (
    one   BIGINT NOT NULL PRIMARY KEY, -- 1: there is one row
    epoch BIGINT NOT NULL              -- a number of that server's start; 0: it let go
);

-- +goose Down
DROP TABLE claim;
