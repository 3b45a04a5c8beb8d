-- Accounts at providers (OpenID Connect) that let people in, known by issuer and subject.

CREATE TABLE identities (
    id {key} NOT NULL PRIMARY KEY,
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer {key} NOT NULL,
    subject {key} NOT NULL,
    address {key},
    created_at BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id, id);
