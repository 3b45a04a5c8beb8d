//! Reading an ID token (OpenID Connect Core 1.0 §2, §3.1.3.7).

use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use wagate_domain::{Timestamp, ports::ProviderFailure};

use super::{discovery::Discovered, subject::Subject, unproven};
use crate::config::ProviderConfig;

/// Signatures that are taken: asymmetric ones only. `none` is no algorithm here at all, and one with a shared secret
/// would make a signature of whoever has the provider's public key (RFC 8725 §2.1, §3.1).
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far clocks may differ.
const LEEWAY: Duration = Duration::from_mins(1);

/// What stands in an ID token, as far as we use it.
#[derive(Debug, Deserialize)]
struct IdClaims {
    exp: i64,
    iat: i64,
    aud: Audience,
    azp: Option<String>,
    nonce: Option<String>,
    #[serde(flatten)]
    subject: Subject,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl IdClaims {
    /// What is wrong with it for a client that sent this nonce, now.
    fn wrong(&self, client: &str, nonce: &str, now: Timestamp) -> Option<&'static str> {
        let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1_000));
        if !self.is_for(client) {
            return Some("the ID token is for another client");
        }
        if at(self.exp).plus(LEEWAY) <= now {
            return Some("the ID token has run out");
        }
        if at(self.iat).minus(LEEWAY) > now {
            return Some("the ID token is of the future");
        }
        if self.nonce.as_deref() != Some(nonce) {
            return Some("the nonce of the ID token is another");
        }
        (!self.subject.is_plausible()).then_some("the subject of the ID token is none")
    }

    /// Whether we are who it was issued to; among several audiences, it has to say so.
    fn is_for(&self, client: &str) -> bool {
        let (among, alone) = match &self.aud {
            Audience::One(one) => (one == client, true),
            Audience::Several(all) => (all.iter().any(|one| one == client), all.len() == 1),
        };
        among && self.azp.as_deref().map_or(alone, |party| party == client)
    }
}

/// Of whom an ID token speaks, when the provider has signed it for us and for this nonce, and it has not run out.
pub(super) async fn verify(
    token: &str,
    nonce: &str,
    provider: &Discovered,
    config: &ProviderConfig,
    now: Timestamp,
) -> Result<Subject, ProviderFailure> {
    let header = decode_header(token).map_err(unreadable)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(unproven(format!("the ID token is signed with {:?}", header.alg)));
    }
    let key = provider.key(header.kid.as_deref()).await?;
    let key = key.ok_or_else(|| unproven("the ID token is signed with an unknown key"))?;
    let mut rules = Validation::new(header.alg);
    rules.set_issuer(&[&config.issuer]);
    rules.set_audience(&[&config.client_id]);
    rules.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    // by our own clock, below
    rules.validate_exp = false;
    let claims = decode::<IdClaims>(token, &key, &rules).map_err(unreadable)?.claims;
    match claims.wrong(&config.client_id, nonce, now) {
        Some(wrong) => Err(unproven(wrong)),
        None => Ok(claims.subject),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unreadable(error: jsonwebtoken::errors::Error) -> ProviderFailure {
    unproven(format!("the ID token cannot be believed: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claims(change: &Value) -> IdClaims {
        let mut claims = json!({"sub": "s", "exp": 1_000, "iat": 900, "aud": "us", "nonce": "n"});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn a_token_is_for_us_alone() {
        for (change, ours) in [
            (json!({}), true),
            (json!({"azp": "us"}), true),
            (json!({"azp": "others"}), false),
            (json!({"aud": "others"}), false),
            (json!({"aud": ["us"]}), true),
            (json!({"aud": ["us", "others"]}), false),
            (json!({"aud": ["us", "others"], "azp": "us"}), true),
            (json!({"aud": ["us", "others"], "azp": "others"}), false),
            (json!({"aud": ["others"], "azp": "us"}), false),
            (json!({"aud": []}), false),
        ] {
            assert_eq!(claims(&change).is_for("us"), ours, "{change}");
        }
    }

    #[test]
    fn a_token_is_for_now_and_for_what_we_asked() {
        let wrong = |change: Value, now: i64| {
            let wrong = claims(&change).wrong("us", "n", Timestamp::from_millis(now * 1_000));
            wrong.map(|text| text.split(' ').next_back().unwrap().to_owned())
        };
        for (change, now, last_word) in [
            (json!({}), 950, None),
            (json!({}), 1_059, None),
            (json!({}), 1_060, Some("out")),
            (json!({}), 840, None),
            (json!({}), 839, Some("future")),
            (json!({"nonce": "m"}), 950, Some("another")),
            (json!({"nonce": null}), 950, Some("another")),
            (json!({"sub": ""}), 950, Some("none")),
            (json!({"exp": i64::MAX}), 950, None),
        ] {
            assert_eq!(wrong(change.clone(), now).as_deref(), last_word, "{change} at {now}");
        }
    }
}
