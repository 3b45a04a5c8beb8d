-- What subscribers are told, and the webhooks that are told it.

-- Who wrote a message of a group.
ALTER TABLE messages ADD COLUMN sender TEXT;

-- seq: the order in which subscribers are told; gaps are fine, later ones are larger. chat: what order holds within.
CREATE TABLE events (
    seq BIGINT NOT NULL PRIMARY KEY,
    id {key} NOT NULL UNIQUE,
    workspace_id {key} NOT NULL,
    session_id {key},
    type {key} NOT NULL,
    chat {key} NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX events_by_workspace ON events (workspace_id, seq);
CREATE INDEX events_by_age ON events (workspace_id, at);

-- One row. Whoever writes events holds it until the commit, so that a later seq never shows before an earlier one.
CREATE TABLE event_counter (
    one BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO event_counter (one, last) VALUES (1, 0);

-- cursor: every event up to it is delivered, or has a row of its own in webhook_deliveries, or is not wanted.
CREATE TABLE webhooks (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    session_id {key},
    url TEXT NOT NULL,
    description TEXT,
    events TEXT NOT NULL,
    headers TEXT NOT NULL,
    secrets TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_why TEXT,
    cursor BIGINT NOT NULL,
    failing_since BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_workspace ON webhooks (workspace_id, id);

-- id: made from webhook and event, so that an event is delivered under one id; a replay has one of its own, and begins
-- with the event's time in any case. state: waiting, delivered, failed. attempts: what came of each try, oldest first.
CREATE TABLE webhook_deliveries (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    webhook_id {key} NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id {key} NOT NULL,
    event_seq BIGINT NOT NULL,
    event_type {key} NOT NULL,
    session_id {key},
    chat {key} NOT NULL,
    state {key} NOT NULL,
    next_at BIGINT,
    tries BIGINT NOT NULL,
    last_ms BIGINT,
    attempts TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, event_seq, id) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (workspace_id, id);
