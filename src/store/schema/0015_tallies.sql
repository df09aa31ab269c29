-- How many there are, so that nobody has to count them: deliveries of an edition by state; subscribers of a
-- newsletter by status, those who get it by frequency, and how many more or fewer they became on a day
-- since 1970. A row stays when its count is 0: that something of an edition has left is known by it.
CREATE TABLE tallies (
    kind  TEXT NOT NULL,
    owner TEXT NOT NULL,
    name  TEXT NOT NULL,
    n     BIGINT NOT NULL,
    PRIMARY KEY (kind, owner, name)
);
INSERT INTO tallies (kind, owner, name, n)
    SELECT 'deliveries', edition, state, COUNT(*) FROM deliveries GROUP BY edition, state;
INSERT INTO tallies (kind, owner, name, n)
    SELECT DISTINCT 'deliveries', edition, 'handed', 0 FROM deliveries WHERE handed_at IS NOT NULL
    ON CONFLICT (kind, owner, name) DO NOTHING;
INSERT INTO tallies (kind, owner, name, n)
    SELECT 'subscribers', newsletter, status, COUNT(*) FROM subscribers GROUP BY newsletter, status;
INSERT INTO tallies (kind, owner, name, n)
    SELECT 'frequencies', newsletter, frequency, COUNT(*) FROM subscribers WHERE status = 'active'
    GROUP BY newsletter, frequency;
INSERT INTO tallies (kind, owner, name, n)
    SELECT 'days', newsletter, CAST(day AS TEXT), CAST(SUM(change) AS BIGINT) FROM (
        SELECT newsletter, created_at / 86400000 AS day, COUNT(*) AS change FROM subscribers
        WHERE status <> 'pending' GROUP BY 1, 2
        UNION ALL
        SELECT newsletter, changed_at / 86400000 AS day, -COUNT(*) AS change FROM subscribers
        WHERE status = 'unsubscribed' GROUP BY 1, 2
    ) AS changes GROUP BY newsletter, day;

ALTER TABLE editions DROP COLUMN sums;
