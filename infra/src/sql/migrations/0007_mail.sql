-- Mail on its way, and who is told when a webhook is switched off.

-- letter: what it says, with secret links; gone once the mail is sent or given up. state: waiting, sent, failed, kept
-- (to be read on one's own machine). next_at: set as long as it waits. answer: what the mail server said last.
CREATE TABLE outbox (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key},
    kind {key} NOT NULL,
    address TEXT NOT NULL,
    letter TEXT,
    state {key} NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT,
    answer TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX outbox_due ON outbox (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_ended ON outbox (ended_at, id) WHERE ended_at IS NOT NULL;

ALTER TABLE webhooks ADD COLUMN notify_email TEXT;
