//! An identity as its person sees it.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{people::Identity, ports::Provider};

/// An account at a provider that lets you in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identity)]
pub(crate) struct IdentityView {
    /// Identifier.
    #[schema(example = "idn_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// The provider's id; `null` when the configuration does not name it any more.
    #[schema(example = "google")]
    provider: Option<String>,
    /// The provider's issuer.
    #[schema(example = "https://accounts.google.com")]
    issuer: String,
    /// The address that the provider had verified when it was linked.
    #[schema(example = "ayu@example.com")]
    address: Option<String>,
    /// When it was linked (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
}

impl IdentityView {
    /// An identity, and the providers that there are now.
    pub(in crate::v1) fn new(identity: Identity, providers: &[Provider]) -> Self {
        let Identity { id, user: _, issuer, subject: _, address, created_at } = identity;
        let provider = providers.iter().find(|provider| provider.issuer == issuer);
        Self {
            id: id.to_string(),
            provider: provider.map(|provider| provider.id.clone()),
            issuer,
            address: address.map(|address| address.to_string()),
            created_at: created_at.to_string(),
        }
    }

    /// Identifier.
    pub(in crate::v1) fn id(&self) -> &str {
        &self.id
    }
}

/// The example in the documentation.
pub(in crate::v1) fn example() -> serde_json::Value {
    json!({
        "id": "idn_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "provider": "google",
        "issuer": "https://accounts.google.com",
        "address": "ayu@example.com",
        "created_at": "2026-01-01T00:00:00.000Z"
    })
}
