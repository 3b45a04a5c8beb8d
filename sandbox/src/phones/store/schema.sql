-- Simulated phones: settings, key material, Signal state, messages. Times are unix seconds.
CREATE TABLE IF NOT EXISTS phones (
    pn TEXT PRIMARY KEY,
    lid TEXT NOT NULL UNIQUE,
    push_name TEXT NOT NULL,
    identity BLOB NOT NULL,
    identity_public BLOB NOT NULL,
    registration_id INTEGER NOT NULL,
    signed_pre_key BLOB NOT NULL,
    signed_pre_key_public BLOB NOT NULL,
    signed_pre_key_signature BLOB NOT NULL,
    adv_raw_id INTEGER NOT NULL,
    sync_key_id BLOB NOT NULL,
    sync_key BLOB NOT NULL,
    next_pre_key INTEGER NOT NULL DEFAULT 1,
    on_whatsapp INTEGER NOT NULL DEFAULT 1,
    -- JSON; NULL for the default
    behaviour TEXT,
    made INTEGER NOT NULL
) WITHOUT ROWID;

-- What phones do by default (behaviour), and counts of the sinks.
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What phones will do; due: unix milliseconds, step: JSON.
CREATE TABLE IF NOT EXISTS plans (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pn TEXT NOT NULL,
    due INTEGER NOT NULL,
    step TEXT NOT NULL
);

-- Chats in which a phone's script does not answer any more.
CREATE TABLE IF NOT EXISTS silenced (pn TEXT NOT NULL, chat TEXT NOT NULL, PRIMARY KEY (pn, chat)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS pre_keys (
    pn TEXT NOT NULL,
    id INTEGER NOT NULL,
    private BLOB NOT NULL,
    public BLOB NOT NULL,
    PRIMARY KEY (pn, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS sessions (
    pn TEXT NOT NULL,
    address TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (pn, address)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS sender_keys (
    pn TEXT NOT NULL,
    name TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (pn, name)
) WITHOUT ROWID;

-- Devices (signal addresses) that have this phone's own sender key of a group.
CREATE TABLE IF NOT EXISTS sender_key_holders (
    pn TEXT NOT NULL,
    chat TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (pn, chat, address)
) WITHOUT ROWID;

-- chat: peer's number for direct chats, the JID otherwise; sender: number of the author.
-- position: place in the chat, from 1. direction: in, out, or peer (between the phone and its
-- companions, never shown). target: id of the message that this one acts on. sealed: an act that
-- waits for the secret of its target. content: JSON of what it says; raw: its protobuf.
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pn TEXT NOT NULL,
    chat TEXT NOT NULL,
    position INTEGER NOT NULL,
    chat_jid TEXT NOT NULL,
    sender TEXT NOT NULL,
    sender_lid TEXT,
    sender_jid TEXT NOT NULL,
    recipient TEXT NOT NULL,
    recipient_lid TEXT,
    id TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT,
    sealed INTEGER NOT NULL,
    content TEXT NOT NULL,
    raw BLOB NOT NULL,
    time INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error INTEGER,
    duplicates INTEGER NOT NULL DEFAULT 0,
    undecryptable INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (pn, chat, sender, id)
);

-- Stanzas of a message (its seq) that came after the one shown; unix milliseconds.
CREATE TABLE IF NOT EXISTS duplicates (message INTEGER NOT NULL, arrived INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS duplicates_by_message ON duplicates (message);

-- What a phone was told about what its account has sent; time: unix seconds of the first one.
CREATE TABLE IF NOT EXISTS receipts (
    pn TEXT NOT NULL,
    id TEXT NOT NULL,
    peer TEXT NOT NULL,
    device INTEGER NOT NULL,
    status INTEGER NOT NULL,
    time INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (pn, id, peer, device, status)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS messages_by_id ON messages (pn, id);
CREATE INDEX IF NOT EXISTS messages_by_chat ON messages (pn, chat, seq);
CREATE INDEX IF NOT EXISTS messages_by_time ON messages (pn, chat, time, seq);
CREATE INDEX IF NOT EXISTS messages_by_direction ON messages (pn, direction, seq);
CREATE INDEX IF NOT EXISTS messages_incoming ON messages (seq) WHERE direction = 'in';
CREATE INDEX IF NOT EXISTS messages_flawed ON messages (seq)
    WHERE direction = 'in' AND (duplicates > 0 OR retries > 0);
CREATE INDEX IF NOT EXISTS messages_acts ON messages (pn, target, seq) WHERE target IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_sealed ON messages (pn, target) WHERE sealed = 1;
CREATE INDEX IF NOT EXISTS messages_lifetimes ON messages (pn, chat, seq) WHERE kind = 'ephemeral_setting';
-- 4 is the status "read"
CREATE INDEX IF NOT EXISTS messages_unread ON messages (pn, chat, seq)
    WHERE direction = 'in' AND status < 4 AND undecryptable = 0 AND target IS NULL;
