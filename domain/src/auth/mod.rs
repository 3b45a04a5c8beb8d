//! Who is calling and what they may do: API keys, roles, permissions.

mod api_key;
mod networks;
mod permission;
mod role;

pub use api_key::{ApiKey, KEY_PREFIX, KeyRefusal, KeySecret, NewKey, OldSecret, hash_key};
pub use networks::Networks;
pub use permission::{Permission, Permissions};
pub use role::Role;

use crate::{ApiKeyId, UserId, WorkspaceId};

/// The authenticated caller. Every port call that touches a tenant's data starts from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// Tenant the caller acts for.
    pub workspace: WorkspaceId,
    /// Who acts.
    pub actor: Actor,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A program, with this key.
    Key(ApiKeyId),
    /// A person who signed in.
    Person(UserId),
}
