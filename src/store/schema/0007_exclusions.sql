-- Items that somebody kept out of an edition, and so of all later ones.
CREATE TABLE exclusions (
    newsletter TEXT NOT NULL,
    item       TEXT NOT NULL,
    edition    TEXT NOT NULL,
    PRIMARY KEY (newsletter, item)
);
CREATE INDEX exclusions_of_edition ON exclusions (edition);
