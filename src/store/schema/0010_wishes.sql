-- Who wants a newsletter, until it is settled what becomes of it. The token is theirs if they are new.
CREATE TABLE wishes (
    token TEXT PRIMARY KEY,
    newsletter TEXT NOT NULL,
    email TEXT NOT NULL,
    choice TEXT NOT NULL,
    consent TEXT NOT NULL,
    at BIGINT NOT NULL
);
