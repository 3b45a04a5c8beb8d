//! Tenants.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use wagate_domain::{
    WorkspaceId,
    ports::{PortResult, Workspaces},
    workspaces::{Asker, Deletion, Plan, Suspension, Workspace},
};

use super::{MOMENT, MOST, Memory};

/// [`Workspaces`] that remembers those it was asked for. What another process changes is seen within a
/// [moment](super::MOMENT).
pub struct RememberedWorkspaces {
    record: Arc<dyn Workspaces>,
    found: Memory<WorkspaceId, Workspace>,
}

impl RememberedWorkspaces {
    /// In front of the record.
    #[must_use]
    pub fn new(record: Arc<dyn Workspaces>) -> Self {
        Self { record, found: Memory::new(MOMENT, MOST) }
    }

    /// What changes something: nothing is believed after it, whatever came of it.
    async fn changing<T>(&self, change: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        let changed = change.await;
        self.found.forget();
        changed
    }
}

impl std::fmt::Debug for RememberedWorkspaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RememberedWorkspaces").finish_non_exhaustive()
    }
}

#[async_trait]
impl Workspaces for RememberedWorkspaces {
    async fn insert(&self, workspace: &Workspace) -> PortResult<()> {
        self.record.insert(workspace).await
    }

    async fn get(&self, id: WorkspaceId) -> PortResult<Option<Workspace>> {
        let forgotten = match self.found.recall(&id) {
            Ok(workspace) => return Ok(Some(workspace)),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let found = self.record.get(id).await?;
        if let Some(workspace) = &found {
            self.found.keep(id, asked, forgotten, workspace.clone());
        }
        Ok(found)
    }

    async fn list(&self) -> PortResult<Vec<Workspace>> {
        self.record.list().await
    }

    async fn change(
        &self,
        id: WorkspaceId,
        name: Option<&str>,
        plan: Option<Option<Plan>>,
    ) -> PortResult<Option<Workspace>> {
        self.changing(self.record.change(id, name, plan)).await
    }

    async fn suspend(&self, id: WorkspaceId, suspension: &Suspension) -> PortResult<Option<Workspace>> {
        self.changing(self.record.suspend(id, suspension)).await
    }

    async fn restore(&self, id: WorkspaceId) -> PortResult<Option<Workspace>> {
        self.changing(self.record.restore(id)).await
    }

    async fn set_deletion(
        &self,
        id: WorkspaceId,
        deletion: Option<Deletion>,
        by: Asker,
    ) -> PortResult<Option<Workspace>> {
        self.changing(self.record.set_deletion(id, deletion, by)).await
    }
}
