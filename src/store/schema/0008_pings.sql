-- Addresses of feeds that have changed and of which the hub has not heard.
CREATE TABLE pings (
    topic    TEXT NOT NULL PRIMARY KEY,
    since_at BIGINT NOT NULL
);
