//! A workspace is a tenant: everything belongs to one.

mod change;
mod plan;
mod suspend;

pub use change::{ChangeError, ChangeWorkspace, change, create};
pub use plan::Plan;
pub use suspend::{restore, suspend};

use crate::{Timestamp, WorkspaceId};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Identifier.
    pub id: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// What it may use; that of the installation when it has none of its own.
    pub plan: Option<Plan>,
    /// Since when and why it may only read.
    pub suspended: Option<Suspension>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Workspace {
    /// A tenant under the plan of the installation.
    #[must_use]
    pub fn new(id: WorkspaceId, name: &str, created_at: Timestamp) -> Self {
        Self { id, name: name.to_owned(), plan: None, suspended: None, created_at }
    }
}

/// Why a tenant may only read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Since when.
    pub at: Timestamp,
    /// Why, for the tenant.
    pub reason: String,
}
