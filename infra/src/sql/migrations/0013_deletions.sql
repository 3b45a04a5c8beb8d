-- The end of a workspace, and what is written down of it before.

-- deletion_due_at: when the removal may begin. deletion_exports: an export that was asked for since has to be done before.
-- unlink_until: until then its sessions are held once more, to be logged out.
ALTER TABLE workspaces ADD COLUMN deletion_asked_at BIGINT;
ALTER TABLE workspaces ADD COLUMN deletion_due_at BIGINT;
ALTER TABLE workspaces ADD COLUMN deletion_exports BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE workspaces ADD COLUMN unlink_until BIGINT;
CREATE INDEX workspaces_due ON workspaces (deletion_due_at) WHERE deletion_due_at IS NOT NULL;

-- What stays of a workspace. ended_at: when nothing of it was left. swept_at: when that was looked at last.
CREATE TABLE deleted_workspaces (
    id {key} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    swept_at BIGINT
);

-- state: waiting, running, done, failed. An export that is done outlives its workspace, until it expires.
CREATE TABLE exports (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    state {key} NOT NULL,
    attempts BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    failure TEXT,
    asked_at BIGINT NOT NULL,
    ended_at BIGINT,
    expires_at BIGINT
);
CREATE INDEX exports_by_workspace ON exports (workspace_id, id);
CREATE INDEX exports_unfinished ON exports (id) WHERE state IN ('waiting', 'running');
CREATE INDEX exports_by_end ON exports (expires_at) WHERE expires_at IS NOT NULL;

-- A workspace's rows are removed by workspace.
CREATE INDEX media_by_workspace ON media (workspace_id, id);
CREATE INDEX chats_by_workspace ON chats (workspace_id);
CREATE INDEX chat_changes_by_workspace ON chat_changes (workspace_id);
CREATE INDEX outbox_by_workspace ON outbox (workspace_id) WHERE workspace_id IS NOT NULL;
