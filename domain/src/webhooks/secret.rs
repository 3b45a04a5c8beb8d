//! What a webhook's events are signed with.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{Env, Timestamp};

/// What every secret begins with, by the Standard Webhooks specification.
const PREFIX: &str = "whsec_";
/// How long a secret may be, in bytes, by the same.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret: `whsec_` and base64. Never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningSecret {
    secret: String,
    /// Not used any more after this moment.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningSecret").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl SigningSecret {
    /// A fresh one of 32 bytes.
    #[must_use]
    pub fn generate(env: &Env) -> Self {
        let mut bytes = env.random().to_be_bytes().to_vec();
        bytes.extend(env.random().to_be_bytes());
        Self { secret: format!("{PREFIX}{}", STANDARD.encode(bytes)), expires_at: None }
    }

    /// One that somebody brings along; `None` when it is no secret by the specification.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        BYTES.contains(&bytes.len()).then(|| Self { secret: text.to_owned(), expires_at: None })
    }

    /// The same, not used any more after a moment.
    #[must_use]
    pub fn until(self, end: Timestamp) -> Self {
        Self { expires_at: Some(end), ..self }
    }

    /// The secret itself, for signing and for showing to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.secret
    }

    /// Whether events are signed with it at this moment.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_of_the_specification_are_taken() {
        for (text, good) in [
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true),
            ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false),
            ("whsec_c2hvcnQ=", false),
            ("whsec_not base64", false),
            ("", false),
        ] {
            assert_eq!(SigningSecret::read(text).is_some(), good, "{text}");
        }
        let secret = SigningSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert!(!format!("{secret:?}").contains("MfKQ"));
    }
}
