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
    /// What it may do: names of permissions; `*` is everything in the workspace.
    #[schema(example = json!(["messages:send"]))]
    scopes: Vec<&'static str>,
    /// The only sessions it may touch; `null`: all.
    sessions: Option<Vec<String>>,
    /// The networks it may be used from; empty: from anywhere.
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_ips: Vec<String>,
    /// When it stops working by itself; `null`: never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Until when the secret before works beside this one; `null`: it does not.
    #[schema(format = DateTime)]
    old_secret_until: Option<String>,
    /// When it was used last, to within a minute; `null` before its first use.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// The address it was used from last.
    #[schema(example = "203.0.113.9")]
    last_used_from: Option<String>,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
    /// When it was revoked; `null` while it was not.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes.names(),
            sessions: key.sessions.map(|ids| ids.iter().map(ToString::to_string).collect()),
            allowed_ips: key.addresses.texts(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            old_secret_until: key.before.map(|before| before.until.to_string()),
            last_used_at: key.last_used_at.map(|at| at.to_string()),
            last_used_from: key.last_used_from.map(|from| from.to_string()),
            created_at: key.created_at.to_string(),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// A key with a new secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyWithSecret)]
pub(crate) struct KeyWithSecret {
    #[serde(flatten)]
    pub(super) key: KeyView,
    /// The secret to authenticate with. Shown once: it is stored hashed. `null` when this answer is a repetition.
    #[schema(example = "wg_3f9a1c7d2b8e4f60a1b2c3d4e5f60718")]
    pub(super) secret: Option<String>,
}

/// The example of a key in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "name": "web shop",
        "prefix": "wg_3f9a1c",
        "scopes": ["messages:send"],
        "sessions": null,
        "allowed_ips": ["203.0.113.0/24"],
        "expires_at": null,
        "old_secret_until": null,
        "last_used_at": "2026-01-02T03:04:05.000Z",
        "last_used_from": "203.0.113.9",
        "created_at": "2026-01-01T00:00:00.000Z",
        "revoked_at": null
    })
}

/// The same with its secret.
pub(super) fn example_with_secret() -> serde_json::Value {
    let mut example = example();
    example["secret"] = json!("wg_3f9a1c7d2b8e4f60a1b2c3d4e5f60718");
    example
}
