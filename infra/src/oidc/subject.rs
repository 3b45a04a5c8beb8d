//! Of whom a provider speaks (OpenID Connect Core 1.0 §5.1), in an ID token or at its UserInfo endpoint.

use serde::Deserialize;
use wagate_domain::people::Vouched;

/// Longest name of an account, in characters (§2).
const MAX_SUB: usize = 255;

/// The claims of a person that we use.
#[derive(Debug, Deserialize)]
pub(super) struct Subject {
    pub(super) sub: String,
    pub(super) email: Option<String>,
    #[serde(default)]
    email_verified: Flag,
    name: Option<String>,
}

/// Some providers write flags as text.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Text(String),
    #[default]
    Missing,
}

impl Subject {
    /// Whether it can be the name of an account: 255 ASCII characters at most (§2).
    pub(super) fn is_plausible(&self) -> bool {
        !self.sub.is_empty() && self.sub.len() <= MAX_SUB && self.sub.is_ascii()
    }

    /// Whom the provider vouches for. An address counts only when the provider says that it has verified it.
    pub(super) fn vouched(self, issuer: &str) -> Vouched {
        let verified = match self.email_verified {
            Flag::Bool(verified) => verified,
            Flag::Text(text) => text == "true",
            Flag::Missing => false,
        };
        Vouched {
            issuer: issuer.to_owned(),
            subject: self.sub,
            verified_address: self.email.filter(|_| verified).and_then(|email| email.parse().ok()),
            name: self.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn subject(change: &Value) -> Subject {
        let mut claims = json!({"sub": "s", "email": "Ayu@Example.com"});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn an_address_counts_when_the_provider_has_verified_it() {
        for (flag, counts) in [
            (json!({"email_verified": true}), true),
            (json!({"email_verified": "true"}), true),
            (json!({"email_verified": false}), false),
            (json!({"email_verified": "false"}), false),
            (json!({"email_verified": null}), false),
            (json!({"email_verified": true, "email": "not one"}), false),
            (json!({}), false),
        ] {
            let address = subject(&flag).vouched("i").verified_address.map(|address| address.to_string());
            assert_eq!(address.as_deref(), counts.then_some("ayu@example.com"), "{flag}");
        }
    }

    #[test]
    fn what_can_be_the_name_of_an_account() {
        for (sub, plausible) in [("", false), ("a", true), ("ä", false)] {
            assert_eq!(subject(&json!({"sub": sub})).is_plausible(), plausible, "{sub}");
        }
        assert!(subject(&json!({"sub": "a".repeat(255)})).is_plausible());
        assert!(!subject(&json!({"sub": "a".repeat(256)})).is_plausible());
    }
}
