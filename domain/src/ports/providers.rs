//! Providers (OpenID Connect) that vouch for people, and the way to them and back.

use async_trait::async_trait;

use crate::{
    Timestamp, UserId,
    people::{TokenSecret, Vouched},
    ports::PortError,
};

/// A provider that people may come in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name in paths.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it calls itself.
    pub issuer: String,
    /// Whether its word about an address is enough to let somebody into the account of that address.
    pub trusts_addresses: bool,
}

/// The way to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Where the browser is sent. Carries the state.
    pub url: String,
    /// Stays with whoever began, and has to be shown at the end: a state that somebody else has planted is worth nothing.
    pub binding: TokenSecret,
    /// Until when they have to be back.
    pub expires_at: Timestamp,
}

/// What the browser brings back, and what was kept meanwhile.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// As it came back.
    pub state: TokenSecret,
    /// As it was kept.
    pub binding: TokenSecret,
    /// What the provider exchanges for its word.
    pub code: String,
    /// Who sent the browser back, when it says so (RFC 9207).
    pub issuer: Option<String>,
}

/// Why a provider vouched for nobody.
#[derive(Debug, thiserror::Error)]
pub enum ProviderFailure {
    /// There is no such provider.
    #[error("no such provider")]
    Unknown,
    /// The state is unknown, used, too old, or somebody else's.
    #[error("the way back is not good any more")]
    Gone,
    /// The provider refused, or said something that proves nothing; why, for the log.
    #[error("the provider's word proves nothing: {0}")]
    Unproven(String),
    /// The provider cannot be reached, or answers what no provider answers.
    #[error("the provider does not answer")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A machine of ours failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The way to providers and back (OpenID Connect Core 1.0 §3.1, with PKCE as RFC 9700 §2.1.1 asks for it).
#[async_trait]
pub trait Providers: Send + Sync {
    /// All of them, as the operator ordered them.
    fn list(&self) -> Vec<Provider>;
    /// One of them.
    fn get(&self, id: &str) -> Option<Provider> {
        self.list().into_iter().find(|provider| provider.id == id)
    }
    /// The way to one: for somebody who wants to come in, or for a person who wants to link an account there.
    async fn depart(&self, provider: &str, user: Option<UserId>) -> Result<Departure, ProviderFailure>;
    /// Whom it vouches for. Each way is good once, for whom and what it began.
    async fn arrive(
        &self,
        provider: &str,
        user: Option<UserId>,
        arrival: &Arrival,
    ) -> Result<Vouched, ProviderFailure>;
}
