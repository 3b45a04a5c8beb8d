-- What a phone knows of its account's app state. Records are kept as they came, for snapshots, and opened.
CREATE TABLE IF NOT EXISTS app_state_collections (
    pn TEXT NOT NULL,
    collection TEXT NOT NULL,
    version INTEGER NOT NULL,
    hash BLOB NOT NULL,
    -- 1 once a patch did not hold: what other devices compute can no longer be compared
    diverged INTEGER NOT NULL,
    -- version of the newest snapshot
    snapshot INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (pn, collection)
) WITHOUT ROWID;

-- idx: the index as a JSON array; action: SyncActionValue; version: that of the patch.
CREATE TABLE IF NOT EXISTS app_state_records (
    pn TEXT NOT NULL,
    collection TEXT NOT NULL,
    index_mac BLOB NOT NULL,
    value BLOB NOT NULL,
    key_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    idx TEXT NOT NULL,
    action BLOB NOT NULL,
    PRIMARY KEY (pn, collection, index_mac)
) WITHOUT ROWID;

-- Sync keys made after the phone's first one, which stands in phones.
CREATE TABLE IF NOT EXISTS app_state_keys (
    pn TEXT NOT NULL,
    id BLOB NOT NULL,
    data BLOB NOT NULL,
    made INTEGER NOT NULL,
    PRIMARY KEY (pn, id)
) WITHOUT ROWID;

-- What companions did wrong or complained about.
CREATE TABLE IF NOT EXISTS client_errors (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    pn TEXT NOT NULL,
    device INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    time INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS client_errors_by_phone ON client_errors (pn, seq);
