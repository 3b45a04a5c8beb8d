-- {key}: text compared byte by byte. {bytes}: binary. Times are milliseconds since the Unix epoch
-- unless the name ends in _secs.

CREATE TABLE workspaces (
    id {key} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash {key} NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX api_keys_by_workspace ON api_keys (workspace_id, id);

-- recent_events: ids of the session events applied last, so that a replay does not turn the state back.
CREATE TABLE sessions (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    wanted BOOLEAN NOT NULL,
    pn TEXT,
    lid TEXT,
    push_name TEXT,
    epoch BIGINT NOT NULL,
    owner {key},
    recent_events TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_workspace ON sessions (workspace_id, id);
CREATE INDEX sessions_by_wanted ON sessions (wanted, id);

-- A contact that turned out to be another one stays as a signpost: merged_into, no pn, no lid.
CREATE TABLE contacts (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL,
    pn {key},
    lid {key},
    push_name TEXT,
    merged_into {key},
    updated_at BIGINT NOT NULL,
    UNIQUE (session_id, pn),
    UNIQUE (session_id, lid)
);
CREATE INDEX contacts_by_pn ON contacts (workspace_id, pn);
CREATE INDEX contacts_by_lid ON contacts (workspace_id, lid);
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;

-- chat_key: the contact's id for a person, the address for a group or channel.
CREATE TABLE messages (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL,
    direction TEXT NOT NULL,
    chat TEXT NOT NULL,
    chat_key {key} NOT NULL,
    stanza_id {key} NOT NULL,
    content TEXT NOT NULL,
    quote TEXT,
    mentions TEXT,
    offline BOOLEAN NOT NULL,
    push_name TEXT,
    priority TEXT NOT NULL,
    status TEXT NOT NULL,
    failure TEXT,
    times TEXT NOT NULL,
    expires_at BIGINT,
    at BIGINT NOT NULL,
    UNIQUE (session_id, stanza_id, direction, chat_key)
);
CREATE INDEX messages_by_time ON messages (workspace_id, at DESC, id DESC);
CREATE INDEX messages_by_session ON messages (workspace_id, session_id, at DESC, id DESC);
CREATE INDEX messages_by_chat ON messages (workspace_id, chat_key, at DESC, id DESC);

CREATE TABLE media (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    session_id {key},
    message_id {key},
    state TEXT NOT NULL,
    mime TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT,
    file_name TEXT,
    locator TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX media_by_state ON media (session_id, state, created_at, id);

-- How far a session's contacts have been told of: the latest time, and the ids of the events at that time.
CREATE TABLE projection_marks (
    session_id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    at BIGINT NOT NULL,
    events TEXT NOT NULL
);

-- The WhatsApp store: one set of rows per session, gone with it.

CREATE TABLE wa_devices (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id)
);

CREATE TABLE wa_identities (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    address {key} NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, address)
);

CREATE TABLE wa_sessions (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    address {key} NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, address)
);

CREATE TABLE wa_prekeys (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id BIGINT NOT NULL,
    record {bytes} NOT NULL,
    uploaded BOOLEAN NOT NULL,
    PRIMARY KEY (session_id, id)
);

CREATE TABLE wa_signed_prekeys (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id BIGINT NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, id)
);

CREATE TABLE wa_sender_keys (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    address {key} NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, address)
);

-- seq: order in which keys were stored.
CREATE TABLE wa_sync_keys (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    key_id {bytes} NOT NULL,
    key_data {bytes} NOT NULL,
    fingerprint {bytes} NOT NULL,
    stamp BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (session_id, key_id)
);

CREATE TABLE wa_sync_versions (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    collection {key} NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, collection)
);

CREATE TABLE wa_mutation_macs (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    collection {key} NOT NULL,
    index_mac {bytes} NOT NULL,
    value_mac {bytes} NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (session_id, collection, index_mac)
);

CREATE TABLE wa_sender_key_devices (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    group_jid {key} NOT NULL,
    device_jid {key} NOT NULL,
    has_key BOOLEAN NOT NULL,
    PRIMARY KEY (session_id, group_jid, device_jid)
);
CREATE INDEX wa_sender_key_devices_by_device ON wa_sender_key_devices (session_id, device_jid);

-- seq: order in which the LIDs of one phone number were stored.
CREATE TABLE wa_lid_mappings (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    lid {key} NOT NULL,
    phone {key} NOT NULL,
    created_secs BIGINT NOT NULL,
    updated_secs BIGINT NOT NULL,
    source TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (session_id, lid)
);
CREATE INDEX wa_lid_mappings_by_phone ON wa_lid_mappings (session_id, phone, updated_secs, seq);

CREATE TABLE wa_base_keys (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    address {key} NOT NULL,
    message_id {key} NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, address, message_id)
);

CREATE TABLE wa_device_lists (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    person {key} NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, person)
);

CREATE TABLE wa_groups (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    group_jid {key} NOT NULL,
    record {bytes} NOT NULL,
    PRIMARY KEY (session_id, group_jid)
);

CREATE TABLE wa_tc_tokens (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    jid {key} NOT NULL,
    token {bytes} NOT NULL,
    token_secs BIGINT NOT NULL,
    sender_secs BIGINT,
    PRIMARY KEY (session_id, jid)
);

CREATE TABLE wa_sent_messages (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    chat {key} NOT NULL,
    message_id {key} NOT NULL,
    record {bytes} NOT NULL,
    stored_secs BIGINT NOT NULL,
    PRIMARY KEY (session_id, chat, message_id)
);
CREATE INDEX wa_sent_messages_by_age ON wa_sent_messages (session_id, stored_secs);

CREATE TABLE wa_pending_inbound (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    chat {key} NOT NULL,
    sender {key} NOT NULL,
    message_id {key} NOT NULL,
    record {bytes} NOT NULL,
    stored_secs BIGINT NOT NULL,
    PRIMARY KEY (session_id, chat, sender, message_id)
);
CREATE INDEX wa_pending_inbound_by_age ON wa_pending_inbound (session_id, stored_secs);

-- expires_secs 0: never. parent_secs 0: unknown.
CREATE TABLE wa_msg_secrets (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    chat {key} NOT NULL,
    sender {key} NOT NULL,
    message_id {key} NOT NULL,
    secret {bytes} NOT NULL,
    expires_secs BIGINT NOT NULL,
    parent_secs BIGINT NOT NULL,
    PRIMARY KEY (session_id, chat, sender, message_id)
);
CREATE INDEX wa_msg_secrets_by_age ON wa_msg_secrets (session_id, expires_secs);
