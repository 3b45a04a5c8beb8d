//! Who is calling, and what an API key looks like.

mod api_key;

pub use api_key::{ApiKey, KeySecret, hash_key};

use crate::{ApiKeyId, WorkspaceId};

/// The authenticated caller. Every port call that touches a tenant's data starts from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// Tenant the caller acts for.
    pub workspace: WorkspaceId,
    /// Key that was shown.
    pub key: ApiKeyId,
}
