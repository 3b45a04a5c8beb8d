-- Messages for later, campaigns, what still waits, and the pace of sessions.

ALTER TABLE messages ADD COLUMN send_at BIGINT;
ALTER TABLE messages ADD COLUMN campaign {key};
ALTER TABLE messages ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

-- What has not ended: few rows of many, looked through for what Redis has lost and what is overdue.
CREATE INDEX messages_pending ON messages (id) WHERE status IN ('accepted', 'scheduled', 'sending');
CREATE INDEX messages_overdue ON messages (expires_at) WHERE status IN ('accepted', 'scheduled', 'sending');
CREATE INDEX messages_by_status ON messages (workspace_id, status, at DESC, id DESC)
    WHERE status IN ('accepted', 'scheduled', 'sending', 'failed', 'expired', 'cancelled');
CREATE INDEX messages_by_campaign ON messages (workspace_id, campaign, at DESC, id DESC)
    WHERE campaign IS NOT NULL;

ALTER TABLE sessions ADD COLUMN pacing TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sessions ADD COLUMN linked_at BIGINT;
