//! Identities on record: which accounts at providers let whom in.

use async_trait::async_trait;

use crate::{
    IdentityId, UserId,
    people::{Identity, Person},
    ports::PortResult,
};

/// What became of taking an identity away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlinked {
    /// It is gone; what it was.
    Gone(Identity),
    /// The person has none of that id.
    NotFound,
    /// The person has no password and no other identity.
    LastWayIn,
}

/// Which accounts at providers let whom in.
#[async_trait]
pub trait Identities: Send + Sync {
    /// Whom an account at a provider lets in.
    async fn person(&self, issuer: &str, subject: &str) -> PortResult<Option<Person>>;
    /// The identities of a person, by id.
    async fn list(&self, user: UserId) -> PortResult<Vec<Identity>>;
    /// Stores an identity; what is on record of it then, which was there before when it is the same person's. `None`
    /// when it is another's.
    async fn link(&self, identity: &Identity) -> PortResult<Option<Identity>>;
    /// Takes an identity away. Of several at once the last way in stays.
    async fn unlink(&self, user: UserId, id: IdentityId) -> PortResult<Unlinked>;
}
