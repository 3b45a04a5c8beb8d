//! What comes back from a provider.

use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{people::TokenSecret, ports::Arrival};

/// What the provider sent the browser back with, and what was kept meanwhile.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderReturn {
    /// `code` of the address that the browser came back to.
    code: String,
    /// `state` of that address.
    state: String,
    /// `iss` of that address, when it is there (RFC 9207).
    iss: Option<String>,
    /// From the answer to the request that began.
    binding: String,
}

impl From<ProviderReturn> for Arrival {
    fn from(back: ProviderReturn) -> Self {
        Self {
            state: TokenSecret::presented(back.state),
            binding: TokenSecret::presented(back.binding),
            code: back.code,
            issuer: back.iss,
        }
    }
}
