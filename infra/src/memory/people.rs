//! What people are.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use wagate_domain::{
    UserId, WorkspaceId,
    people::Standing,
    ports::{PortResult, Standings},
};

use super::{MOMENT, MOST, Memory};

/// What people were a [moment](super::MOMENT) ago, for deciding about requests: every one of them asks.
pub struct RememberedStandings {
    record: Arc<dyn Standings>,
    found: Memory<(UserId, Option<WorkspaceId>), Option<Standing>>,
}

impl RememberedStandings {
    /// In front of the record.
    #[must_use]
    pub fn new(record: Arc<dyn Standings>) -> Self {
        Self { record, found: Memory::new(MOMENT, MOST) }
    }
}

impl std::fmt::Debug for RememberedStandings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RememberedStandings").finish_non_exhaustive()
    }
}

#[async_trait]
impl Standings for RememberedStandings {
    async fn standing(&self, user: UserId, workspace: Option<WorkspaceId>) -> PortResult<Option<Standing>> {
        let forgotten = match self.found.recall(&(user, workspace)) {
            Ok(standing) => return Ok(standing),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let standing = self.record.standing(user, workspace).await?;
        self.found.keep((user, workspace), asked, forgotten, standing);
        Ok(standing)
    }
}
