-- Whom a newsletter is for.
CREATE TABLE subscribers (
    -- Random, part of the links that are theirs alone.
    token      TEXT NOT NULL PRIMARY KEY,
    newsletter TEXT NOT NULL,
    -- As they gave it, and in lower case: what tells two of them apart.
    email      TEXT NOT NULL,
    mailbox    TEXT NOT NULL,
    name       TEXT NOT NULL,
    -- What they chose; empty: what the newsletter says.
    language   TEXT NOT NULL,
    frequency  TEXT NOT NULL,
    feeds      TEXT NOT NULL,
    status     TEXT NOT NULL,
    -- What they agreed to, when, and how that is known.
    consent    TEXT NOT NULL,
    -- Where their next edition begins, if elsewhere than those of the others.
    since_at   BIGINT,
    -- Editions that came back though the mailbox is there, and when the last of them did.
    soft       BIGINT NOT NULL DEFAULT 0,
    soft_at    BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (newsletter, mailbox)
);
CREATE INDEX subscribers_to_mail ON subscribers (newsletter, status, frequency, language, feeds);

-- Mailboxes that are never mailed again, by a salted hash: whom it is about stays unsaid.
CREATE TABLE suppressions (
    mailbox TEXT NOT NULL PRIMARY KEY,
    reason  TEXT NOT NULL,
    at      BIGINT NOT NULL
);

-- Random values that are made once.
CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Since when there is a newsletter: what was announced before is not mailed unless asked for.
CREATE TABLE newsletters (
    name     TEXT NOT NULL PRIMARY KEY,
    began_at BIGINT NOT NULL,
    -- The last edition that was missed for too long, as somebody was told.
    missed_at BIGINT NOT NULL DEFAULT 0
);

-- How often it comes; empty: as often as the newsletter itself.
ALTER TABLE editions ADD COLUMN frequency TEXT NOT NULL DEFAULT '';
ALTER TABLE editions ADD COLUMN state TEXT NOT NULL DEFAULT 'open';
-- Why it is held or paused.
ALTER TABLE editions ADD COLUMN reason TEXT;
-- When its delivery may begin.
ALTER TABLE editions ADD COLUMN release_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE editions ADD COLUMN opened_at BIGINT NOT NULL DEFAULT 0;
-- Items that are new in it.
ALTER TABLE editions ADD COLUMN fresh BIGINT NOT NULL DEFAULT 0;
-- Each begins where another ended: of two that are opened at once, one is.
CREATE UNIQUE INDEX editions_follow ON editions (newsletter, frequency, from_at);

-- An edition as it goes to those who chose the same.
CREATE TABLE variants (
    edition  TEXT NOT NULL,
    number   BIGINT NOT NULL,
    language TEXT NOT NULL,
    feeds    TEXT NOT NULL,
    since_at BIGINT,
    items    BIGINT NOT NULL,
    subject  TEXT NOT NULL,
    text     TEXT NOT NULL,
    html     TEXT NOT NULL,
    PRIMARY KEY (edition, number)
);

-- One edition to one subscriber.
CREATE TABLE deliveries (
    edition       TEXT NOT NULL,
    subscriber    TEXT NOT NULL,
    variant       BIGINT NOT NULL,
    state         TEXT NOT NULL,
    attempts      BIGINT NOT NULL,
    -- When it is next to be tried.
    due_at        BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    -- When the message last left for the relay.
    handed_at     BIGINT,
    reply         TEXT,
    PRIMARY KEY (edition, subscriber)
);
CREATE INDEX deliveries_to_claim ON deliveries (edition, state, due_at);
CREATE INDEX deliveries_of_late ON deliveries (handed_at);
CREATE INDEX deliveries_of_whom ON deliveries (subscriber);
