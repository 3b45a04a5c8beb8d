//! Remembering the answer to a request, so that repeating it does nothing twice.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{WorkspaceId, ports::PortResult};

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: String,
}

/// What is known of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// New (or its first holder vanished): go on, and use this seed for the id of what you make.
    /// A second attempt under the same key gets the same seed.
    Fresh(ulid::Ulid),
    /// Done before: this was the answer.
    Done(StoredAnswer),
    /// The first request is still running.
    Running,
    /// The key was used with another body.
    Mismatch,
}

/// The memory of idempotency keys, per workspace, for a day.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// Looks a key up or takes it. `fingerprint` is a hash of method, path and body; `seed` is used when new.
    async fn begin(
        &self,
        workspace: WorkspaceId,
        key: &str,
        fingerprint: &str,
        seed: ulid::Ulid,
    ) -> PortResult<Begun>;

    /// Says that the attempt is still running; one that is silent for ten seconds counts as vanished.
    async fn renew(&self, workspace: WorkspaceId, key: &str) -> PortResult<()>;

    /// Stores the answer.
    async fn finish(&self, workspace: WorkspaceId, key: &str, answer: &StoredAnswer) -> PortResult<()>;

    /// Gives the key back after a failure that changed nothing, so that it may be tried again.
    async fn abandon(&self, workspace: WorkspaceId, key: &str) -> PortResult<()>;

    /// Ends an attempt that failed and may have changed something: the key may be tried again at once, with
    /// the same body and the same seed.
    async fn release(&self, workspace: WorkspaceId, key: &str) -> PortResult<()>;
}
