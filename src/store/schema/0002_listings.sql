-- What the listing or file of a source last said of an item, in short: as long as it says the
-- same, there is nothing to learn and no page to fetch.
CREATE TABLE listings (
    feed   TEXT NOT NULL,
    source TEXT NOT NULL,
    item   TEXT NOT NULL,
    listed TEXT NOT NULL,
    PRIMARY KEY (feed, source, item)
);
