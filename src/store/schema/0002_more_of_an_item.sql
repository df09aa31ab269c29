-- What the listing or file of a source last said of an item, in short: as long as it says the
-- same, there is nothing to learn and no page to fetch.
CREATE TABLE listings (
    feed   TEXT NOT NULL,
    source TEXT NOT NULL,
    item   TEXT NOT NULL,
    listed TEXT NOT NULL,
    PRIMARY KEY (feed, source, item)
);

-- Files that belong to an item, and the same item in other languages.
ALTER TABLE items ADD COLUMN enclosures TEXT NOT NULL DEFAULT '[]';
ALTER TABLE items ADD COLUMN translations TEXT NOT NULL DEFAULT '[]';
-- When it was taken back; it stays, marked as such.
ALTER TABLE items ADD COLUMN retracted_at BIGINT;

-- Addresses in a sitemap that are no news: there before it was first read, or gone.
CREATE TABLE passed (
    feed   TEXT NOT NULL,
    source TEXT NOT NULL,
    name   TEXT NOT NULL,
    PRIMARY KEY (feed, source, name)
);
