-- What is secret lies sealed (docs/encryption.md): every binary value of the WhatsApp store that is no key, and the
-- secrets and headers of webhooks, in base64. What was stored before is sealed after this step.

-- A workspace's keys, each wrapped by the ring's key ring_key. The one with the largest number seals.
CREATE TABLE data_keys (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    number BIGINT NOT NULL,
    ring_key {key} NOT NULL,
    wrapped {bytes} NOT NULL,
    UNIQUE (workspace_id, number)
);

-- data_key: what the session's store is sealed with from now on. Whoever writes to the store holds the session's row,
-- so nothing new is sealed with a key once no row names it; a key that is named cannot be deleted.
ALTER TABLE sessions ADD COLUMN data_key {key} REFERENCES data_keys (id);
CREATE INDEX sessions_by_data_key ON sessions (data_key);
-- proxy: what the session reaches WhatsApp by, with its credentials; sealed with the row's own data_key.
ALTER TABLE sessions ADD COLUMN proxy {bytes};
ALTER TABLE webhooks ADD COLUMN data_key {key} REFERENCES data_keys (id);
CREATE INDEX webhooks_by_data_key ON webhooks (data_key);
