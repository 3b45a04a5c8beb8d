-- Who tells a webhook: each that begins gets the next term, and what is of an older one is refused.
ALTER TABLE webhooks ADD COLUMN term BIGINT NOT NULL DEFAULT 0;
