//! Accounts at providers (OpenID Connect) that let people in.

use super::EmailAddress;
use crate::{IdentityId, Timestamp, UserId};

/// An account at a provider that lets a person in. It is known by issuer and subject alone: those are the two claims
/// that a provider promises to give to nobody else, ever (OpenID Connect Core 1.0 §5.7). An address may change hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Identifier.
    pub id: IdentityId,
    /// Whom it lets in.
    pub user: UserId,
    /// The provider's issuer.
    pub issuer: String,
    /// What the provider calls the account (`sub`).
    pub subject: String,
    /// The address that the provider had verified when it was linked, for people to tell identities apart.
    pub address: Option<EmailAddress>,
    /// When it was linked.
    pub created_at: Timestamp,
}

/// What a provider says of somebody, after its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The provider's issuer.
    pub issuer: String,
    /// What it calls the account.
    pub subject: String,
    /// The address, when the provider has verified it.
    pub verified_address: Option<EmailAddress>,
    /// What people call them.
    pub name: Option<String>,
}
