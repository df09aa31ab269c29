-- By subscriber first: one index finds a delivery and those of a subscriber, where there were two that each
-- turn of a delivery had to write to. Those of an edition are found by the one that they are claimed by.
-- Renamed first: nobody puts down any more what would not come along.
ALTER TABLE deliveries RENAME TO deliveries_by_edition;
CREATE TABLE deliveries (
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
-- What was never tried is due when its edition is released, and no later.
INSERT INTO deliveries (edition, subscriber, variant, state, attempts, due_at, claimed_until, handed_at, reply)
    SELECT edition, subscriber, variant, deliveries_by_edition.state, attempts,
        CASE WHEN deliveries_by_edition.state = 'due' AND attempts = 0
            THEN COALESCE(opened_at, due_at) ELSE due_at END,
        claimed_until, handed_at, reply
    FROM deliveries_by_edition LEFT JOIN editions ON editions.id = edition
    ORDER BY subscriber, edition;
DROP TABLE deliveries_by_edition;
CREATE INDEX deliveries_to_claim ON deliveries (edition, state, due_at);
CREATE INDEX deliveries_of_late ON deliveries (handed_at);
