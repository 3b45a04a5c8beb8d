//! API keys: `wg_<32 hex>`; shown once, stored as SHA-256.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{ApiKeyId, Env, Timestamp, WorkspaceId};

/// A stored key: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Identifier.
    pub id: ApiKeyId,
    /// Tenant it acts for.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// First characters of the secret, to tell keys apart.
    pub prefix: String,
    /// SHA-256 of the secret, hex.
    pub hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped working.
    pub revoked_at: Option<Timestamp>,
}

/// A key's secret. Never logged: `Debug` shows the prefix only.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret(String);

impl KeySecret {
    /// The secret itself, for showing once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", prefix(&self.0))
    }
}

impl ApiKey {
    /// Makes a key for a workspace and the secret that goes with it.
    #[must_use]
    pub fn generate(env: &Env, workspace: WorkspaceId, name: &str) -> (Self, KeySecret) {
        let secret = format!("wg_{:032x}", env.random());
        let key = Self {
            id: env.new_id(),
            workspace,
            name: name.to_owned(),
            prefix: prefix(&secret).to_owned(),
            hash: hash_key(&secret),
            created_at: env.now(),
            revoked_at: None,
        };
        (key, KeySecret(secret))
    }
}

/// SHA-256 of a key's secret, hex. A key carries 128 random bits, so no salt or stretching is needed.
#[must_use]
pub fn hash_key(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

fn prefix(secret: &str) -> &str {
    secret.get(..9).unwrap_or_default()
}
