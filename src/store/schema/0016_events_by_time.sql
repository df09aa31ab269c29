-- The last of them, of all sources, without reading the others.
CREATE INDEX events_by_time ON events (at);
