//! Secrets that are passed around: 256 random bits, stored as SHA-256.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Env;

/// A secret of 256 bits that somebody carries. Never logged, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

/// SHA-256 of a [`TokenSecret`], hex. What is random throughout needs neither salt nor stretching.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

/// What a secret starts with, so that those who find one know what they found.
const PREFIX: &str = "wgt_";

impl TokenSecret {
    /// A fresh one.
    #[must_use]
    pub fn generate(env: &Env) -> Self {
        Self(format!("{PREFIX}{:032x}{:032x}", env.random(), env.random()))
    }

    /// One that somebody presents.
    #[must_use]
    pub fn presented(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The one that follows this one: known to whoever has this one and the salt, to nobody with either alone.
    #[must_use]
    pub fn successor(&self, salt: &str) -> Self {
        Self(format!("{PREFIX}{}", digest(&[salt, &self.0])))
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(digest(&[&self.0]))
    }

    /// The secret itself, for handing out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TokenHash {
    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for TokenHash {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<token>")
    }
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part.as_bytes()));
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_follows_from_both_token_and_salt() {
        let token = TokenSecret::presented("wgt_1");
        let next = token.successor("salt");
        assert_eq!(next, token.successor("salt"), "whoever asks twice gets the same");
        assert_ne!(next, token.successor("other"));
        assert_ne!(next, TokenSecret::presented("wgt_2").successor("salt"));
        assert_eq!(next.expose().len(), 4 + 64);
        assert_ne!(next.hash(), token.hash());
        assert_eq!(format!("{next:?}"), "<token>");
    }
}
