-- People: accounts, what they belong to, where they are signed in.

-- address: in small letters. password: a PHC string; none when they have yet to choose one.
CREATE TABLE users (
    id {key} NOT NULL PRIMARY KEY,
    address {key} NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password TEXT,
    operator BOOLEAN NOT NULL,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

-- role: owner, admin, operator, agent, viewer.
CREATE TABLE memberships (
    workspace_id {key} NOT NULL,
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role {key} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

-- token: SHA-256 of what the link carries. One that was accepted or revoked has no row.
CREATE TABLE invitations (
    id {key} NOT NULL PRIMARY KEY,
    workspace_id {key} NOT NULL,
    address {key} NOT NULL,
    role {key} NOT NULL,
    invited_by {key},
    token {key} NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (workspace_id, address)
);

-- hash: SHA-256 of the code. purpose: registration, reset, challenge. One that was used has no row.
CREATE TABLE one_time_codes (
    hash {key} NOT NULL PRIMARY KEY,
    purpose {key} NOT NULL,
    address {key} NOT NULL,
    user_id {key} REFERENCES users (id) ON DELETE CASCADE,
    name TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_codes_by_end ON one_time_codes (expires_at);
CREATE INDEX one_time_codes_by_user ON one_time_codes (user_id);

-- A sign-in is a family of refresh tokens. used_at: when it last got a new one.
CREATE TABLE sign_ins (
    id {key} NOT NULL PRIMARY KEY,
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    agent TEXT,
    origin TEXT
);
CREATE INDEX sign_ins_by_user ON sign_ins (user_id, id);

-- hash: SHA-256 of the token. salt: what its successor was made with.
CREATE TABLE refresh_tokens (
    hash {key} NOT NULL PRIMARY KEY,
    sign_in_id {key} NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    used_at BIGINT,
    salt {key},
    successor {key}
);
CREATE INDEX refresh_tokens_by_sign_in ON refresh_tokens (sign_in_id);

-- secret: of the authenticator, in base32. last_step: of the last code that was used.
CREATE TABLE second_factors (
    user_id {key} NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- hash: SHA-256 of the code. One that was used has no row.
CREATE TABLE recovery_codes (
    user_id {key} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash {key} NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- Keys that sign access tokens (Ed25519). private: the seed in base64url. retired_at: when a newer one took over.
CREATE TABLE signing_keys (
    kid {key} NOT NULL PRIMARY KEY,
    public TEXT NOT NULL,
    private TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);
