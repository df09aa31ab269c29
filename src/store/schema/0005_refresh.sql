-- What the output of each feed was made from: its definition, the templates, this program. A row goes
-- when the items change, and comes back when the output is on the disk.
CREATE TABLE published (
    feed      TEXT NOT NULL PRIMARY KEY,
    made_from TEXT NOT NULL
);
