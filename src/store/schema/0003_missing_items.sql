-- When the page of an item that its listing no longer has was asked for.
ALTER TABLE listings ADD COLUMN asked_at BIGINT;
