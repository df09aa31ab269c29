-- Columns are TEXT or BIGINT; times are unix milliseconds named *_at; structures are JSON text.

CREATE TABLE sources (
    feed          TEXT NOT NULL,
    location      TEXT NOT NULL,
    checked_at    BIGINT NOT NULL,
    -- The last time it gave items; null until it does. What comes before is backfill.
    succeeded_at  BIGINT,
    next_check_at BIGINT NOT NULL,
    verdict       TEXT NOT NULL,
    message       TEXT,
    found         BIGINT NOT NULL,
    etag          TEXT,
    last_modified TEXT,
    -- What the validators above belong to: other rules read other items from the same page.
    validated_for TEXT,
    PRIMARY KEY (feed, location)
);

CREATE TABLE items (
    id             TEXT NOT NULL PRIMARY KEY,
    feed           TEXT NOT NULL,
    source         TEXT NOT NULL,
    url            TEXT,
    title          TEXT NOT NULL,
    kicker         TEXT,
    summary        TEXT,
    content        TEXT NOT NULL,
    image          TEXT,
    author         TEXT,
    language       TEXT,
    published_at   BIGINT NOT NULL,
    precision_of   TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    date_text      TEXT NOT NULL,
    first_seen_at  BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    backfilled     BIGINT NOT NULL,
    -- When its own page was read; it is read once.
    detail_at      BIGINT
);

CREATE INDEX items_by_date ON items (feed, published_at, id);
CREATE INDEX items_by_arrival ON items (feed, first_seen_at);

-- Every name under which an item has been seen.
CREATE TABLE aliases (
    feed  TEXT NOT NULL,
    alias TEXT NOT NULL,
    item  TEXT NOT NULL,
    PRIMARY KEY (feed, alias)
);

-- Frozen digests, from the one that ended last to the one that began it all.
CREATE TABLE editions (
    id         TEXT NOT NULL PRIMARY KEY,
    newsletter TEXT NOT NULL,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL
);
