-- By subscriber first: one index finds a delivery and those of a subscriber, where there were two that each
-- turn of a delivery had to write to. Those of an edition are found by the one that they are claimed by.
CREATE TABLE deliveries_by_subscriber (
    edition       TEXT NOT NULL,
    subscriber    TEXT NOT NULL,
    variant       BIGINT NOT NULL,
    state         TEXT NOT NULL,
    -- The state before: whoever changes it learns what there is one less of.
    was           TEXT NOT NULL DEFAULT '',
    attempts      BIGINT NOT NULL,
    -- When it is next to be tried.
    due_at        BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    -- When the message last left for the relay.
    handed_at     BIGINT,
    reply         TEXT,
    PRIMARY KEY (subscriber, edition)
);
INSERT INTO deliveries_by_subscriber (edition, subscriber, variant, state, attempts, due_at, claimed_until,
    handed_at, reply)
    SELECT edition, subscriber, variant, state, attempts, due_at, claimed_until, handed_at, reply
    FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_by_subscriber RENAME TO deliveries;
CREATE INDEX deliveries_to_claim ON deliveries (edition, state, due_at);
CREATE INDEX deliveries_of_late ON deliveries (handed_at);
