-- What was put into a bucket of an object store: a hash of it, and what the store knows it by. The first
-- directory of its name is that of a feed.
CREATE TABLE objects (
    output    TEXT NOT NULL,
    name      TEXT NOT NULL,
    directory TEXT NOT NULL,
    hash      TEXT NOT NULL,
    etag      TEXT NOT NULL,
    version   TEXT NOT NULL,
    PRIMARY KEY (output, name)
);
CREATE INDEX objects_directory ON objects (output, directory);

-- What leads to everything else.
CREATE INDEX objects_entrances ON objects (output) WHERE directory = '' OR name LIKE '%/feed.xml';
