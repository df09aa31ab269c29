-- Looks at sources, where several processes may be at work: whose turn it is for so long, and when the
-- source was looked at last, by which whoever comes too late knows it.
CREATE TABLE looks (
    feed       TEXT NOT NULL,
    location   TEXT NOT NULL,
    held_until BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    PRIMARY KEY (feed, location)
);

-- Who asks a host for something, and for how long nobody else may.
ALTER TABLE hosts ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN held_until BIGINT NOT NULL DEFAULT 0;
