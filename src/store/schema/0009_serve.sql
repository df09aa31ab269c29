-- When a mail last left that asks whether it was them, and when one is to be tried; 0: never.
ALTER TABLE subscribers ADD COLUMN asked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscribers ADD COLUMN to_ask_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX subscribers_to_ask ON subscribers (to_ask_at) WHERE to_ask_at > 0;
CREATE INDEX subscribers_by_mailbox ON subscribers (mailbox);

-- An edition as everybody may see it on the web, for those who chose nothing.
ALTER TABLE editions ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE editions ADD COLUMN page TEXT NOT NULL DEFAULT '';
