-- What the source usually gives, to see by whether it gives less.
ALTER TABLE sources ADD COLUMN usual TEXT;
-- Its order changes from one request to the next, so that its first page is not where news are.
ALTER TABLE sources ADD COLUMN moves BIGINT NOT NULL DEFAULT 0;
-- Rules that find its items on the page as it is now, where those of the definition do not.
ALTER TABLE sources ADD COLUMN proposal TEXT;
-- What was last told to be wrong with it.
ALTER TABLE sources ADD COLUMN told TEXT;
