-- What only one process does at a time, whatever machine it is on, and until when that holds.
CREATE TABLE leases (
    name     TEXT NOT NULL PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_at BIGINT NOT NULL
);
-- Held, within a transaction, by whoever puts items down.
INSERT INTO leases (name, holder, until_at) VALUES ('items', '', 0);

-- Up to when what is announced is in an edition of a newsletter: what is put down later is in the next.
ALTER TABLE newsletters ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;
