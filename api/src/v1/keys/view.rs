//! An API key as it is shown: everything but the secret.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::auth::ApiKey;

/// An API key.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct KeyView {
    /// Identifier.
    #[schema(example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// What people call it.
    #[schema(example = "web shop")]
    name: String,
    /// First characters of the secret, to tell keys apart.
    #[schema(example = "wg_3f9a1c")]
    prefix: String,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
    /// When it stopped working; `null` while it works.
    revoked_at: Option<String>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            created_at: key.created_at.to_string(),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// The example of a key in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "name": "web shop",
        "prefix": "wg_3f9a1c",
        "created_at": "2026-01-01T00:00:00.000Z",
        "revoked_at": null
    })
}
