-- What the output of each feed was made from: its definition, the templates, this program. A row goes
-- when the items change, and comes back when the output is on the disk.
CREATE TABLE published (
    feed      TEXT NOT NULL PRIMARY KEY,
    made_from TEXT NOT NULL
);

-- Looks that failed since the last that did not.
ALTER TABLE sources ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
-- When it last gave something new.
ALTER TABLE sources ADD COLUMN changed_at BIGINT;
-- How the last look came out, in a word.
ALTER TABLE sources ADD COLUMN outcome TEXT NOT NULL DEFAULT '';

-- What hosts are owed from one run to the next, and what their robots.txt said.
CREATE TABLE hosts (
    host      TEXT NOT NULL PRIMARY KEY,
    free_at   BIGINT NOT NULL,
    robots    TEXT,
    robots_at BIGINT
);

-- What was told of the health of sources.
CREATE TABLE events (
    feed    TEXT NOT NULL,
    source  TEXT NOT NULL,
    at      BIGINT NOT NULL,
    text    TEXT NOT NULL,
    is_over BIGINT NOT NULL,
    PRIMARY KEY (feed, source, at)
);
