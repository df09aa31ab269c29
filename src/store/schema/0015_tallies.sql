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

-- Of editions whose deliveries are not kept any more there are sums, such as `{"accepted":12,"failed":1}`:
-- after each name so many digits, up to what follows them.
INSERT INTO tallies (kind, owner, name, n)
    WITH RECURSIVE
        places (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM places WHERE n < 250),
        states (name) AS (VALUES ('due'), ('claimed'), ('handed'), ('accepted'), ('deferred'), ('failed'),
            ('uncertain'), ('suppressed'))
    SELECT 'deliveries', id, name, CAST(substr(sums, start, digits) AS BIGINT) FROM (
        SELECT id, sums, name, places.n + length(name) + 3 AS start, length_of.n AS digits
        FROM editions
        JOIN states ON sums <> ''
        JOIN places ON substr(sums, places.n, length(name) + 3) = '"' || name || '":'
        JOIN places AS length_of ON length_of.n < 20
    ) AS found
    WHERE ltrim(substr(sums, start, digits), '0123456789') = ''
    AND substr(sums, start + digits, 1) IN (',', '}')
    ON CONFLICT (kind, owner, name) DO UPDATE SET n = excluded.n;
ALTER TABLE editions DROP COLUMN sums;
