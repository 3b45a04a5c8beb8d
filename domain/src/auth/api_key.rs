//! API keys: `wg_<32 hex>`; shown once, stored as SHA-256.

use std::{fmt, net::IpAddr};

use sha2::{Digest, Sha256};

use super::{Networks, Permissions};
use crate::{ApiKeyId, Env, SessionId, Timestamp, WorkspaceId};

/// What every key begins with.
pub const KEY_PREFIX: &str = "wg_";

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
    /// The secret before, which works beside this one for a while.
    pub before: Option<OldSecret>,
    /// What it may do.
    pub scopes: Permissions,
    /// The only sessions it may touch; all when absent.
    pub sessions: Option<Vec<SessionId>>,
    /// Where it may be used from.
    pub addresses: Networks,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to within a minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Where from.
    pub last_used_from: Option<IpAddr>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped working.
    pub revoked_at: Option<Timestamp>,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSecret {
    /// SHA-256 of the secret, hex.
    pub hash: String,
    /// Until when it works.
    pub until: Timestamp,
}

/// What a key is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Permissions,
    /// The only sessions it may touch.
    pub sessions: Option<Vec<SessionId>>,
    /// Where it may be used from.
    pub addresses: Networks,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
}

impl NewKey {
    /// A key that may do everything in its workspace.
    #[must_use]
    pub fn mighty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            scopes: Permissions::WORKSPACE,
            sessions: None,
            addresses: Networks::default(),
            expires_at: None,
        }
    }
}

/// Why a key that is on record does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRefusal {
    /// It was revoked.
    Revoked,
    /// Its time is over, or that of the secret that was shown.
    Expired,
    /// It may not be used from there.
    Address,
}

/// A key's secret. Never logged: `Debug` shows the prefix only.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret(String);

impl KeySecret {
    fn random(env: &Env) -> Self {
        Self(format!("{KEY_PREFIX}{:032x}", env.random()))
    }

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
    pub fn generate(env: &Env, workspace: WorkspaceId, new: NewKey) -> (Self, KeySecret) {
        let NewKey { name, scopes, sessions, addresses, expires_at } = new;
        let secret = KeySecret::random(env);
        let key = Self {
            id: env.new_id(),
            workspace,
            name,
            prefix: prefix(&secret.0).to_owned(),
            hash: hash_key(&secret.0),
            before: None,
            scopes,
            sessions,
            addresses,
            expires_at,
            last_used_at: None,
            last_used_from: None,
            created_at: env.now(),
            revoked_at: None,
        };
        (key, secret)
    }

    /// Gives it a new secret; the one it had works until `until`.
    #[must_use]
    pub fn rotate(&mut self, env: &Env, until: Timestamp) -> KeySecret {
        let secret = KeySecret::random(env);
        let hash = std::mem::replace(&mut self.hash, hash_key(&secret.0));
        prefix(&secret.0).clone_into(&mut self.prefix);
        self.before = (until > env.now()).then_some(OldSecret { hash, until });
        secret
    }

    /// Whether it opens now, shown as the secret with this hash, from this address. Without a known address it opens
    /// only if it may be used from anywhere.
    ///
    /// # Errors
    /// See [`KeyRefusal`].
    pub fn admits(&self, hash: &str, now: Timestamp, from: Option<IpAddr>) -> Result<(), KeyRefusal> {
        if self.revoked_at.is_some() {
            return Err(KeyRefusal::Revoked);
        }
        let over = |until: Timestamp| until <= now;
        let old = self.before.as_ref().filter(|before| before.hash == hash);
        if self.expires_at.is_some_and(over) || old.is_some_and(|before| over(before.until)) {
            return Err(KeyRefusal::Expired);
        }
        let here = self.addresses.is_empty() || from.is_some_and(|from| self.addresses.contain(from));
        if here { Ok(()) } else { Err(KeyRefusal::Address) }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Clock, Entropy};

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_000)
        }
    }

    impl Entropy for Fixed {
        fn random(&self) -> u128 {
            7
        }
    }

    fn key(env: &Env) -> ApiKey {
        ApiKey::generate(env, env.new_id(), NewKey::mighty("key")).0
    }

    #[test]
    fn a_key_opens_in_its_time_from_its_addresses() {
        let env = Env::new(Arc::new(Fixed), Arc::new(Fixed));
        let at = Timestamp::from_millis;
        let inside = Some("10.0.0.1".parse().unwrap());
        let plain = key(&env);
        let bound = ApiKey { addresses: Networks::read("", ["10.0.0.0/8"]).unwrap(), ..plain.clone() };
        let short = ApiKey { expires_at: Some(at(2_000)), ..plain.clone() };
        let gone = ApiKey { revoked_at: Some(at(1)), ..plain.clone() };
        for (key, now, from, expected) in [
            (&plain, 1_000, None, Ok(())),
            (&bound, 1_000, inside, Ok(())),
            (&bound, 1_000, Some("192.0.2.1".parse().unwrap()), Err(KeyRefusal::Address)),
            (&bound, 1_000, None, Err(KeyRefusal::Address)),
            (&short, 1_999, None, Ok(())),
            (&short, 2_000, None, Err(KeyRefusal::Expired)),
            (&gone, 1_000, None, Err(KeyRefusal::Revoked)),
        ] {
            assert_eq!(key.admits(&key.hash, at(now), from), expected);
        }
    }

    #[test]
    fn after_a_rotation_both_secrets_open_until_the_old_one_is_over() {
        let env = Env::new(Arc::new(Fixed), Arc::new(Fixed));
        let mut rotated = ApiKey { hash: "old".to_owned(), ..key(&env) };
        let secret = rotated.rotate(&env, Timestamp::from_millis(5_000));
        let new = hash_key(secret.expose());
        for (hash, now, expected) in [
            ("old", 4_999, Ok(())),
            ("old", 5_000, Err(KeyRefusal::Expired)),
            (new.as_str(), 4_999, Ok(())),
            (new.as_str(), 5_000, Ok(())),
        ] {
            assert_eq!(rotated.admits(hash, Timestamp::from_millis(now), None), expected, "{hash} {now}");
        }
        assert!(secret.expose().starts_with(&rotated.prefix));
        let _ = rotated.rotate(&env, env.now());
        assert_eq!(rotated.before, None, "without an overlap nothing old is kept");
    }
}
