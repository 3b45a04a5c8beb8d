//! Providers that vouch for people: OpenID Connect, the authorization code flow with PKCE, state and nonce.
//!
//! Signatures are `jsonwebtoken`'s, exchanges `reqwest`'s, both here already; a client library of its own would bring a
//! second set of cryptography along.

mod discovery;
mod id_token;
mod subject;
mod tokens;

use std::{error::Error, io};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use sha2::{Digest, Sha256};
use wagate_domain::{
    Env, UserId,
    people::{TokenHash, TokenSecret, Vouched},
    ports::{Arrival, Departure, PortResult, Provider, ProviderFailure, Providers},
};

use self::{
    discovery::{Discovered, Metadata},
    tokens::{Grant, complete},
};
use crate::{
    config::ProviderConfig,
    http::{Exchange, NoAnswer},
    redis::{AWAY, Away, RedisDepartures},
};

/// [`Providers`] that the configuration names.
#[derive(Debug)]
pub struct OidcProviders {
    env: Env,
    departures: RedisDepartures,
    exchange: Exchange,
    providers: Vec<Known>,
    /// What the addresses begin with that people are sent back to.
    links: String,
}

#[derive(Debug)]
struct Known {
    config: ProviderConfig,
    discovered: Discovered,
}

impl OidcProviders {
    /// The providers of a configuration; people are sent back to pages below `links`.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(
        env: Env,
        configs: &[ProviderConfig],
        links: &str,
        departures: RedisDepartures,
    ) -> PortResult<Self> {
        let exchange = Exchange::new()?;
        let known = |config: &ProviderConfig| Known {
            config: config.clone(),
            discovered: Discovered::new(&config.issuer, exchange.clone()),
        };
        let providers = configs.iter().map(known).collect();
        Ok(Self { env, departures, exchange, providers, links: links.to_owned() })
    }

    fn known(&self, id: &str) -> Result<&Known, ProviderFailure> {
        self.providers.iter().find(|known| known.config.id == id).ok_or(ProviderFailure::Unknown)
    }

    /// A page for each provider: the word of one cannot be passed off as another's (RFC 9700 §4.4).
    fn way_back(&self, provider: &str) -> String {
        format!("{}/account/providers/{provider}", self.links)
    }
}

#[async_trait]
impl Providers for OidcProviders {
    fn list(&self) -> Vec<Provider> {
        let shown = |Known { config, .. }: &Known| Provider {
            id: config.id.clone(),
            name: config.name.clone(),
            issuer: config.issuer.clone(),
            trusts_addresses: config.trusts_addresses,
        };
        self.providers.iter().map(shown).collect()
    }

    async fn depart(&self, provider: &str, user: Option<UserId>) -> Result<Departure, ProviderFailure> {
        let Known { config, discovered } = self.known(provider)?;
        let metadata = discovered.metadata().await?;
        let [state, binding, nonce, verifier] = [(); 4].map(|()| TokenSecret::generate(&self.env));
        let away = Away {
            provider: provider.to_owned(),
            user,
            binding: binding.hash().as_str().to_owned(),
            nonce: nonce.expose().to_owned(),
            verifier: verifier.expose().to_owned(),
        };
        self.departures.put(&state.hash(), &away).await?;
        let query = [
            ("response_type", "code"),
            ("client_id", &config.client_id),
            ("redirect_uri", &self.way_back(provider)),
            ("scope", &config.scopes.join(" ")),
            ("state", state.expose()),
            ("nonce", &away.nonce),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(&away.verifier))),
            ("code_challenge_method", "S256"),
        ];
        let url = Url::parse_with_params(&metadata.authorization_endpoint, query).map_err(broken)?;
        Ok(Departure { url: url.into(), binding, expires_at: self.env.now().plus(AWAY) })
    }

    async fn arrive(
        &self,
        provider: &str,
        user: Option<UserId>,
        arrival: &Arrival,
    ) -> Result<Vouched, ProviderFailure> {
        let Known { config, discovered } = self.known(provider)?;
        let away = self.departures.take(&arrival.state.hash()).await?;
        let ours = |away: &Away| {
            let binding = TokenHash::from(away.binding.clone()) == arrival.binding.hash();
            binding && away.provider == provider && away.user == user
        };
        let away = away.filter(ours).ok_or(ProviderFailure::Gone)?;
        let metadata = discovered.metadata().await?;
        check_sender(&metadata, arrival.issuer.as_deref())?;
        let (way_back, verifier) = (self.way_back(provider), away.verifier.as_str());
        let grant = Grant { code: &arrival.code, way_back: &way_back, verifier };
        let tokens = grant.exchange(&self.exchange, config, &metadata).await?;
        let now = self.env.now();
        let subject = id_token::verify(&tokens.id_token, &away.nonce, discovered, config, now).await?;
        let token = tokens.access_token.as_deref();
        let subject = complete(subject, &self.exchange, &metadata, token).await?;
        Ok(subject.vouched(&config.issuer))
    }
}

/// Whether the provider sent the browser back, as far as it says so (RFC 9207 §2.4).
fn check_sender(metadata: &Metadata, issuer: Option<&str>) -> Result<(), ProviderFailure> {
    match issuer {
        Some(issuer) if issuer == metadata.issuer => Ok(()),
        None if !metadata.authorization_response_iss_parameter_supported => Ok(()),
        Some(_) => Err(unproven("another issuer sent the browser back")),
        None => Err(unproven("iss is missing, which the provider sends along")),
    }
}

/// What was shown to the provider it did not take.
fn refused(error: NoAnswer) -> ProviderFailure {
    match error {
        NoAnswer::Away(source) => ProviderFailure::Away(source),
        NoAnswer::Refused(said) => unproven(format!("it answers {said}")),
    }
}

/// What a provider shows to everybody is not there.
fn missing(error: NoAnswer) -> ProviderFailure {
    match error {
        NoAnswer::Away(source) => ProviderFailure::Away(source),
        NoAnswer::Refused(said) => broken(io::Error::other(format!("it answers {said}"))),
    }
}

/// The provider answers what no provider answers.
fn broken(source: impl Error + Send + Sync + 'static) -> ProviderFailure {
    ProviderFailure::Away(Box::new(source))
}

fn unproven(why: impl Into<String>) -> ProviderFailure {
    ProviderFailure::Unproven(why.into())
}
