//! Providers that vouch for people: OpenID Connect, authorization code with PKCE, state and nonce.

mod discovery;
mod id_token;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use wagate_domain::{
    Env,
    people::{TokenSecret, Vouched},
    ports::{Departure, PortError, Provider, ProviderFailure, Providers},
};

use self::discovery::Discovered;
use crate::{
    config::OidcConfig,
    http::GuardedExchange,
    redis::{Away, RedisDepartures},
};

/// [`Providers`] that the configuration names.
#[derive(Debug)]
pub struct OidcProviders {
    env: Env,
    departures: RedisDepartures,
    exchange: GuardedExchange,
    providers: Vec<Known>,
    /// What the addresses begin with that providers send people back to.
    public_url: String,
}

#[derive(Debug)]
struct Known {
    config: OidcConfig,
    discovered: Discovered,
}

/// What the token endpoint answers, as far as we use it.
#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

impl OidcProviders {
    /// The providers of a configuration, for an installation at this URL.
    #[must_use]
    pub fn new(
        env: Env,
        configs: &[OidcConfig],
        departures: RedisDepartures,
        exchange: GuardedExchange,
        public_url: &str,
    ) -> Self {
        let known = |config: &OidcConfig| Known {
            config: config.clone(),
            discovered: Discovered::new(&config.issuer, exchange.clone()),
        };
        let providers = configs.iter().map(known).collect();
        Self { env, departures, exchange, providers, public_url: public_url.to_owned() }
    }

    fn known(&self, name: &str) -> Result<&Known, ProviderFailure> {
        self.providers.iter().find(|known| known.config.name == name).ok_or(ProviderFailure::Unknown)
    }

    fn back(&self, provider: &str) -> String {
        format!("{}/api/v1/account/oidc/{provider}/callback", self.public_url)
    }
}

#[async_trait]
impl Providers for OidcProviders {
    fn list(&self) -> Vec<Provider> {
        let shown =
            |known: &Known| Provider { name: known.config.name.clone(), label: known.config.label.clone() };
        self.providers.iter().map(shown).collect()
    }

    async fn depart(&self, provider: &str) -> Result<Departure, ProviderFailure> {
        let Known { config, discovered } = self.known(provider)?;
        let endpoints = discovered.endpoints().await?;
        let secret = || TokenSecret::generate(&self.env);
        let (state, nonce, verifier) = (secret(), secret(), secret());
        let away = Away {
            provider: provider.to_owned(),
            nonce: nonce.expose().to_owned(),
            verifier: verifier.expose().to_owned(),
        };
        self.departures.put(&state.hash(), &away).await?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(away.verifier.as_bytes()));
        let query = [
            ("response_type", "code"),
            ("client_id", &config.client_id),
            ("redirect_uri", &self.back(provider)),
            ("scope", &config.scopes.join(" ")),
            ("state", state.expose()),
            ("nonce", &away.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let url = Url::parse_with_params(&endpoints.authorization_endpoint, query).map_err(failed)?;
        Ok(Departure { url: url.into(), state })
    }

    async fn arrive(
        &self,
        provider: &str,
        state: &TokenSecret,
        code: &str,
    ) -> Result<Vouched, ProviderFailure> {
        let Known { config, discovered } = self.known(provider)?;
        let away = self.departures.take(&state.hash()).await?;
        let away = away.filter(|away| away.provider == provider).ok_or(ProviderFailure::Gone)?;
        let endpoints = discovered.endpoints().await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.back(provider)),
            ("code_verifier", &away.verifier),
        ];
        let client = (config.client_id.as_str(), config.client_secret.expose().as_str());
        let answer: TokenAnswer = self
            .exchange
            .post(&endpoints.token_endpoint, client, &form)
            .await
            .map_err(|error| ProviderFailure::Unproven(chain(&error)))?;
        let claims = id_token::verify(&answer.id_token, discovered, config, self.env.now()).await?;
        if claims.nonce.as_deref() != Some(&away.nonce) {
            return Err(ProviderFailure::Unproven("the nonce is another".to_owned()));
        }
        Ok(claims.vouched(config))
    }
}

fn chain(error: &PortError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {cause}")
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::Internal { what: "OpenID Connect", source: Box::new(source) }
}
