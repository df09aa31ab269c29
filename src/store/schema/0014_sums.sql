-- What became of the deliveries of an edition, by state, when they themselves are not kept any more.
ALTER TABLE editions ADD COLUMN sums TEXT NOT NULL DEFAULT '';
