//! API keys.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use wagate_domain::{
    ApiKeyId, Timestamp, WorkspaceId,
    auth::ApiKey,
    ports::{ApiKeys, PortResult},
};

use super::{MOMENT, MOST, Memory};

/// How often the use of a key is noted on record, at the most.
const NOTE_EVERY: Duration = Duration::from_mins(1);

/// [`ApiKeys`] that remembers the keys it has found. A key that is revoked in another process is good for a
/// [moment](super::MOMENT) more.
pub struct RememberedKeys {
    record: Arc<dyn ApiKeys>,
    found: Memory<String, ApiKey>,
    /// Those whose use was noted a moment ago.
    noted: Memory<ApiKeyId, ()>,
}

impl RememberedKeys {
    /// In front of the record.
    #[must_use]
    pub fn new(record: Arc<dyn ApiKeys>) -> Self {
        Self { record, found: Memory::new(MOMENT, MOST), noted: Memory::new(NOTE_EVERY, MOST) }
    }
}

impl std::fmt::Debug for RememberedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RememberedKeys").finish_non_exhaustive()
    }
}

#[async_trait]
impl ApiKeys for RememberedKeys {
    async fn insert(&self, key: &ApiKey) -> PortResult<()> {
        self.record.insert(key).await
    }

    async fn find(&self, hash: &str) -> PortResult<Option<ApiKey>> {
        let forgotten = match self.found.recall(hash) {
            Ok(key) => return Ok(Some(key)),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let found = self.record.find(hash).await?;
        if let Some(key) = &found {
            self.found.keep(hash.to_owned(), asked, forgotten, key.clone());
        }
        Ok(found)
    }

    async fn get(&self, workspace: WorkspaceId, key: ApiKeyId) -> PortResult<Option<ApiKey>> {
        self.record.get(workspace, key).await
    }

    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<ApiKey>> {
        self.record.list(workspace).await
    }

    async fn update(&self, before: &ApiKey, key: &ApiKey) -> PortResult<bool> {
        let updated = self.record.update(before, key).await;
        // also after a failure: it may have been done all the same
        self.found.forget();
        updated
    }

    async fn used(&self, key: &ApiKey, at: Timestamp, from: Option<IpAddr>) -> PortResult<()> {
        let Err(ticket) = self.noted.recall(&key.id) else { return Ok(()) };
        self.noted.keep(key.id, Instant::now(), ticket, ());
        self.record.used(key, at, from).await
    }

    async fn revoke(&self, workspace: WorkspaceId, key: ApiKeyId, at: Timestamp) -> PortResult<bool> {
        let revoked = self.record.revoke(workspace, key, at).await;
        // also after a failure: it may have been revoked all the same
        self.found.forget();
        revoked
    }
}
