//! Sessions.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use wagate_domain::{
    ConnectorId, SessionId, WorkspaceId,
    ports::{PortResult, Sessions},
    sessions::{RewriteSession, Session},
};

use super::{MOMENT, MOST, Memory};

/// [`Sessions`] in front of the record; what changes through one is forgotten by all of its clones.
#[derive(Clone)]
pub struct RememberedSessions {
    record: Arc<dyn Sessions>,
    found: Arc<Memory<(WorkspaceId, SessionId), Session>>,
    believes: bool,
}

impl RememberedSessions {
    /// Tells of each session what the record says now.
    #[must_use]
    pub fn fresh(record: Arc<dyn Sessions>) -> Self {
        Self { record, found: Arc::new(Memory::new(MOMENT, MOST)), believes: false }
    }

    /// The same, telling of a session by id what the record said a [moment](super::MOMENT) ago: for sending, not
    /// for showing.
    #[must_use]
    pub fn remembering(&self) -> Self {
        Self { believes: true, ..self.clone() }
    }

    /// What changes something: nothing is believed after it, whatever came of it.
    async fn changing<T>(&self, change: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        let changed = change.await;
        self.found.forget();
        changed
    }
}

impl std::fmt::Debug for RememberedSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RememberedSessions").finish_non_exhaustive()
    }
}

#[async_trait]
impl Sessions for RememberedSessions {
    async fn insert(&self, session: &Session) -> PortResult<Session> {
        self.record.insert(session).await
    }

    async fn insert_within(&self, session: &Session, most: u32) -> PortResult<Option<Session>> {
        self.record.insert_within(session, most).await
    }

    async fn get(&self, workspace: WorkspaceId, id: SessionId) -> PortResult<Option<Session>> {
        if !self.believes {
            return self.record.get(workspace, id).await;
        }
        let forgotten = match self.found.recall(&(workspace, id)) {
            Ok(session) => return Ok(Some(session)),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let found = self.record.get(workspace, id).await?;
        if let Some(session) = &found {
            self.found.keep((workspace, id), asked, forgotten, session.clone());
        }
        Ok(found)
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        after: Option<SessionId>,
        limit: u32,
    ) -> PortResult<Vec<Session>> {
        self.record.list(workspace, after, limit).await
    }

    async fn set_wanted(
        &self,
        workspace: WorkspaceId,
        id: SessionId,
        wanted: bool,
    ) -> PortResult<Option<Session>> {
        self.changing(self.record.set_wanted(workspace, id, wanted)).await
    }

    async fn rewrite(
        &self,
        workspace: WorkspaceId,
        id: SessionId,
        change: &RewriteSession,
    ) -> PortResult<Option<Session>> {
        self.changing(self.record.rewrite(workspace, id, change)).await
    }

    async fn delete(&self, workspace: WorkspaceId, id: SessionId) -> PortResult<bool> {
        self.changing(self.record.delete(workspace, id)).await
    }

    async fn wanted(&self) -> PortResult<Vec<Session>> {
        self.record.wanted().await
    }

    async fn raise_epoch(
        &self,
        id: SessionId,
        expected: u64,
        owner: ConnectorId,
    ) -> PortResult<Option<Session>> {
        self.changing(self.record.raise_epoch(id, expected, owner)).await
    }
}
