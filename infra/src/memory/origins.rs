//! Allowed origins.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use wagate_domain::{
    WorkspaceId,
    ports::{Origins, PortResult},
};

use super::{MOMENT, MOST, Memory};

/// Longest origin that is worth remembering: whoever asks makes it up.
const LONGEST: usize = 280;

/// [`Origins`] that remembers its answers. What another process changes counts within a [moment](super::MOMENT).
pub struct RememberedOrigins {
    record: Arc<dyn Origins>,
    of_workspaces: Memory<WorkspaceId, Vec<String>>,
    of_anybody: Memory<String, bool>,
}

impl RememberedOrigins {
    /// In front of the record.
    #[must_use]
    pub fn new(record: Arc<dyn Origins>) -> Self {
        Self { record, of_workspaces: Memory::new(MOMENT, MOST), of_anybody: Memory::new(MOMENT, MOST) }
    }
}

impl std::fmt::Debug for RememberedOrigins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RememberedOrigins").finish_non_exhaustive()
    }
}

#[async_trait]
impl Origins for RememberedOrigins {
    async fn get(&self, workspace: WorkspaceId) -> PortResult<Vec<String>> {
        let forgotten = match self.of_workspaces.recall(&workspace) {
            Ok(origins) => return Ok(origins),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let origins = self.record.get(workspace).await?;
        self.of_workspaces.keep(workspace, asked, forgotten, origins.clone());
        Ok(origins)
    }

    async fn put(&self, workspace: WorkspaceId, origins: &[String]) -> PortResult<()> {
        let put = self.record.put(workspace, origins).await;
        // also after a failure: it may have been written all the same
        self.of_workspaces.forget();
        self.of_anybody.forget();
        put
    }

    async fn anybody_allows(&self, origin: &str) -> PortResult<bool> {
        if origin.len() > LONGEST {
            return Ok(false);
        }
        let forgotten = match self.of_anybody.recall(origin) {
            Ok(allowed) => return Ok(allowed),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let allowed = self.record.anybody_allows(origin).await?;
        self.of_anybody.keep(origin.to_owned(), asked, forgotten, allowed);
        Ok(allowed)
    }
}
