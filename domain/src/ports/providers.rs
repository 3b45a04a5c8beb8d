//! Providers (OpenID Connect) that vouch for people.

use async_trait::async_trait;

use crate::{
    people::{TokenSecret, Vouched},
    ports::PortError,
};

/// A provider that people may come in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name in paths.
    pub name: String,
    /// What people call it.
    pub label: String,
}

/// The way to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Where the browser is sent. Carries the state.
    pub url: String,
    /// What comes back with it, and proves that it is the same browser.
    pub state: TokenSecret,
}

/// Why a provider vouched for nobody.
#[derive(Debug, thiserror::Error)]
pub enum ProviderFailure {
    /// There is no such provider.
    #[error("no such provider")]
    Unknown,
    /// The state is unknown, used, too old or another provider's.
    #[error("the way back is not good any more")]
    Gone,
    /// The provider refused, or said something that proves nothing; for the log.
    #[error("the provider's answer proves nothing: {0}")]
    Unproven(String),
    /// A machine failed, the provider's among them.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The way to providers and back.
#[async_trait]
pub trait Providers: Send + Sync {
    /// All of them.
    fn list(&self) -> Vec<Provider>;
    /// The way to one.
    async fn depart(&self, provider: &str) -> Result<Departure, ProviderFailure>;
    /// Whom it vouches for, by what the browser brought back. Each way is good once.
    async fn arrive(
        &self,
        provider: &str,
        state: &TokenSecret,
        code: &str,
    ) -> Result<Vouched, ProviderFailure>;
}
