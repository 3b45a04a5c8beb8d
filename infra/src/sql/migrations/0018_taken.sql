-- Messages of wa_pending_inbound that were handed on, so that one of them that comes again is known from one that was lost.
CREATE TABLE wa_taken_inbound (
    workspace_id {key} NOT NULL,
    session_id {key} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    chat {key} NOT NULL,
    sender {key} NOT NULL,
    message_id {key} NOT NULL,
    taken_secs BIGINT NOT NULL,
    PRIMARY KEY (session_id, chat, sender, message_id)
);
CREATE INDEX wa_taken_inbound_by_age ON wa_taken_inbound (session_id, taken_secs);
