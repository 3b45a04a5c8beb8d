//! Reading an ID token (OpenID Connect Core 1.0 §3.1.3.7).

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use wagate_domain::{Timestamp, people::Vouched, ports::ProviderFailure};

use super::discovery::Discovered;
use crate::config::OidcConfig;

/// Signatures that are taken: asymmetric ones only.
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
pub(super) struct IdClaims {
    iss: String,
    sub: String,
    exp: i64,
    aud: Audience,
    azp: Option<String>,
    pub(super) nonce: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Flag,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
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

impl IdClaims {
    /// Whom it vouches for.
    pub(super) fn vouched(self, config: &OidcConfig) -> Vouched {
        let verified = match self.email_verified {
            Flag::Bool(verified) => verified,
            Flag::Text(text) => text == "true",
            Flag::Missing => false,
        };
        Vouched {
            issuer: self.iss,
            subject: self.sub,
            verified_address: self.email.filter(|_| verified).and_then(|email| email.parse().ok()),
            name: self.name,
            may_register: config.allow_registration,
        }
    }

    fn is_for(&self, client: &str) -> bool {
        match &self.aud {
            Audience::One(one) => one == client,
            // among several the token names the one it was issued to
            Audience::Several(all) => {
                all.iter().any(|one| one == client) && (all.len() == 1 || self.azp.as_deref() == Some(client))
            }
        }
    }
}

/// What an ID token says, when the provider has signed it for us and it has not run out.
pub(super) async fn verify(
    token: &str,
    provider: &Discovered,
    config: &OidcConfig,
    now: Timestamp,
) -> Result<IdClaims, ProviderFailure> {
    let header = decode_header(token).map_err(unproven)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(ProviderFailure::Unproven(format!("signed by {:?}", header.alg)));
    }
    let key = provider.key(header.kid.as_deref()).await?;
    let key = key.ok_or_else(|| ProviderFailure::Unproven("signed with an unknown key".to_owned()))?;
    let mut rules = Validation::new(header.alg);
    rules.set_issuer(&[&config.issuer]);
    rules.set_audience(&[&config.client_id]);
    rules.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    // by our own clock, below
    rules.validate_exp = false;
    let key = DecodingKey::from_jwk(&key).map_err(unproven)?;
    let claims = decode::<IdClaims>(token, &key, &rules).map_err(unproven)?.claims;
    let ends = Timestamp::from_millis(claims.exp.saturating_mul(1_000)).plus(LEEWAY);
    if ends <= now {
        return Err(ProviderFailure::Unproven("it has run out".to_owned()));
    }
    if !claims.is_for(&config.client_id) {
        return Err(ProviderFailure::Unproven("it was issued to another client".to_owned()));
    }
    Ok(claims)
}

fn unproven(error: jsonwebtoken::errors::Error) -> ProviderFailure {
    ProviderFailure::Unproven(error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(change: serde_json::Value) -> IdClaims {
        let mut claims = json!({"iss": "i", "sub": "s", "exp": 1, "aud": "us", "email": "Ayu@Example.com"});
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
            (json!({}), false),
        ] {
            let vouched = claims(flag.clone()).vouched(&OidcConfig::default());
            let address = vouched.verified_address.map(|address| address.to_string());
            assert_eq!(address.as_deref(), counts.then_some("ayu@example.com"), "{flag}");
        }
    }

    #[test]
    fn a_token_is_for_us_alone() {
        for (change, ours) in [
            (json!({}), true),
            (json!({"aud": "others"}), false),
            (json!({"aud": ["us"]}), true),
            (json!({"aud": ["us", "others"]}), false),
            (json!({"aud": ["us", "others"], "azp": "us"}), true),
            (json!({"aud": ["us", "others"], "azp": "others"}), false),
            (json!({"aud": ["others"], "azp": "us"}), false),
        ] {
            assert_eq!(claims(change.clone()).is_for("us"), ours, "{change}");
        }
    }
}
