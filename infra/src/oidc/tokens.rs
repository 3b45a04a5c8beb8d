//! What a code is exchanged for (OpenID Connect Core 1.0 §3.1.3), and what an access token shows (§5.3).

use reqwest::Url;
use serde::Deserialize;
use wagate_domain::ports::ProviderFailure;

use super::{discovery::Metadata, refused, subject::Subject, unproven};
use crate::{config::ProviderConfig, http::Exchange};

/// What the provider is shown.
pub(super) struct Grant<'a> {
    pub(super) code: &'a str,
    /// Where it sent the browser with it.
    pub(super) way_back: &'a str,
    /// What proves that we are who began (RFC 7636 §4.5).
    pub(super) verifier: &'a str,
}

/// What the token endpoint answers, as far as we use it.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

impl Grant<'_> {
    /// Exchanges it for tokens.
    pub(super) async fn exchange(
        &self,
        exchange: &Exchange,
        config: &ProviderConfig,
        metadata: &Metadata,
    ) -> Result<Tokens, ProviderFailure> {
        let (id, secret) = (config.client_id.as_str(), config.client_secret.expose().as_str());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code),
            ("redirect_uri", self.way_back),
            ("code_verifier", self.verifier),
        ];
        // as in a form, also in the header (RFC 6749 §2.3.1)
        let (coded_id, coded_secret) = (form_encoded(id), form_encoded(secret));
        let mut basic = Some((coded_id.as_str(), coded_secret.as_str()));
        if metadata.wants_secret_in_form() {
            form.extend([("client_id", id), ("client_secret", secret)]);
            basic = None;
        }
        exchange.post(&metadata.token_endpoint, basic, &form).await.map_err(refused)
    }
}

/// The claims of a person, from the UserInfo endpoint where the ID token has no address (§5.4).
pub(super) async fn complete(
    subject: Subject,
    exchange: &Exchange,
    metadata: &Metadata,
    access_token: Option<&str>,
) -> Result<Subject, ProviderFailure> {
    let (None, Some(endpoint), Some(token)) = (&subject.email, &metadata.userinfo_endpoint, access_token)
    else {
        return Ok(subject);
    };
    let more: Subject = exchange.get(endpoint, Some(token)).await.map_err(refused)?;
    // else the answer to another's token could be put in the place of this one (§5.3.2)
    if more.sub == subject.sub { Ok(more) } else { Err(unproven("UserInfo speaks of another account")) }
}

fn form_encoded(text: &str) -> String {
    let form = Url::parse_with_params("form:", [("text", text)]);
    form.ok().and_then(|form| form.query()?.strip_prefix("text=").map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_go_into_the_header_as_into_a_form() {
        for (text, coded) in [("plain", "plain"), ("a:b c", "a%3Ab+c"), ("p%&=+ü", "p%25%26%3D%2B%C3%BC")] {
            assert_eq!(form_encoded(text), coded);
        }
    }
}
