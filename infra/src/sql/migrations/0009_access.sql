-- What keys may do, and who did what.

-- scopes: names of permissions, or *, separated by spaces. sessions: ids, separated by spaces; NULL: all.
-- addresses: networks, separated by spaces. old_hash: the secret before, which works until old_until.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '*';
ALTER TABLE api_keys ADD COLUMN sessions TEXT;
ALTER TABLE api_keys ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT;
ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT;
ALTER TABLE api_keys ADD COLUMN last_used_from TEXT;
ALTER TABLE api_keys ADD COLUMN old_hash {key};
ALTER TABLE api_keys ADD COLUMN old_until BIGINT;
CREATE INDEX api_keys_by_old_hash ON api_keys (old_hash) WHERE old_hash IS NOT NULL;

-- workspace_id: NULL for what concerns no tenant. actor: an id, or 'console' for the command line, or NULL for
-- somebody unknown. before and after: JSON without secrets.
CREATE TABLE audit (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key},
    at BIGINT NOT NULL,
    actor {key},
    address TEXT,
    request_id TEXT,
    action {key} NOT NULL,
    target {key},
    before TEXT,
    after TEXT
);
CREATE INDEX audit_by_workspace ON audit (workspace_id, id);
