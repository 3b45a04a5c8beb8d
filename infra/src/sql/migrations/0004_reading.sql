-- Chats, search, contacts by name, and how long what is kept. Between "-- only <database>" and "-- for both"
-- stands what one database takes.

-- unread: counts into its chat's unread messages. What is on record before this step counts as read.
ALTER TABLE messages ADD COLUMN unread BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX messages_unread ON messages (workspace_id, chat_key) WHERE unread;

-- One row for each chat that a session has. chat_key: as in messages. at: the place in lists, the time of the last
-- message; it stays when that message goes. changed_at: when one of archived, pinned and muted was told last.
CREATE TABLE chats (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL,
    chat_key {key} NOT NULL,
    chat TEXT NOT NULL,
    name TEXT,
    at BIGINT NOT NULL,
    last_message_id {key},
    unread BIGINT NOT NULL,
    marked_unread BOOLEAN NOT NULL,
    archived BOOLEAN NOT NULL,
    pinned BOOLEAN NOT NULL,
    muted BOOLEAN NOT NULL,
    muted_until BIGINT,
    deleted BOOLEAN NOT NULL,
    left_group BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, chat_key)
);
CREATE INDEX chats_by_time ON chats (workspace_id, at DESC, session_id DESC, chat_key DESC) WHERE NOT deleted;
CREATE INDEX chats_by_session ON chats (workspace_id, session_id, at DESC, chat_key DESC) WHERE NOT deleted;
CREATE INDEX chats_unread ON chats (workspace_id, at DESC, session_id DESC, chat_key DESC)
    WHERE NOT deleted AND (unread > 0 OR marked_unread);

-- Events about chats that have been applied, so that a replay does not turn a chat back.
CREATE TABLE chat_changes (
    session_id {key} NOT NULL,
    event_id {key} NOT NULL,
    workspace_id {key} NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (session_id, event_id)
);
CREATE INDEX chat_changes_by_age ON chat_changes (session_id, at);

INSERT INTO chats (workspace_id, session_id, chat_key, chat, at, unread, marked_unread, archived, pinned, muted,
        deleted, left_group, changed_at)
    SELECT workspace_id, session_id, chat_key, MIN(chat), MAX(at), 0, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, 0
    FROM messages WHERE status IN ('sent', 'delivered', 'read', 'played', 'received')
    GROUP BY workspace_id, session_id, chat_key;
UPDATE chats SET last_message_id = (SELECT id FROM messages
    WHERE messages.workspace_id = chats.workspace_id AND messages.chat_key = chats.chat_key
        AND messages.session_id = chats.session_id
        AND messages.status IN ('sent', 'delivered', 'read', 'played', 'received')
    ORDER BY messages.at DESC, messages.id DESC LIMIT 1);

-- name_key: the push name, folded.
ALTER TABLE contacts ADD COLUMN name_key TEXT;
CREATE INDEX contacts_by_workspace ON contacts (workspace_id, id) WHERE merged_into IS NULL;
CREATE INDEX contacts_by_session ON contacts (workspace_id, session_id, id) WHERE merged_into IS NULL;

-- The words of messages that have any, folded (see wagate_domain::messages::words), for searching. scope: the
-- tenant's id as one word, so that the index finds only the tenant's. They go with their message.
-- only sqlite
CREATE TABLE message_words (
    doc INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL
);
CREATE VIRTUAL TABLE message_index USING fts5 (scope, words, content = 'message_words', content_rowid = 'doc');
CREATE TRIGGER message_words_added AFTER INSERT ON message_words BEGIN
    INSERT INTO message_index (rowid, scope, words) VALUES (new.doc, new.scope, new.words);
END;
CREATE TRIGGER message_words_gone AFTER DELETE ON message_words BEGIN
    INSERT INTO message_index (message_index, rowid, scope, words)
        VALUES ('delete', old.doc, old.scope, old.words);
END;
CREATE TRIGGER message_words_changed AFTER UPDATE ON message_words BEGIN
    INSERT INTO message_index (message_index, rowid, scope, words)
        VALUES ('delete', old.doc, old.scope, old.words);
    INSERT INTO message_index (rowid, scope, words) VALUES (new.doc, new.scope, new.words);
END;
-- only postgresql
CREATE TABLE message_words (
    message_id {key} NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL
);
CREATE INDEX message_index ON message_words USING gin (to_tsvector('simple', scope || ' ' || words));
-- for both

-- How long a tenant keeps what, in days; NULL: for ever.
CREATE TABLE retention (
    workspace_id {key} NOT NULL PRIMARY KEY,
    messages_days BIGINT,
    media_days BIGINT,
    events_days BIGINT,
    deliveries_days BIGINT
);
CREATE INDEX media_by_age ON media (workspace_id, created_at, id);
