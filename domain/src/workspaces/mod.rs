//! A workspace is a tenant: everything belongs to one.

mod change;
mod delete;
mod delete_own;
mod plan;
mod remove;
mod suspend;

pub use change::{ChangeError, ChangeWorkspace, change, create};
pub use delete::{DeleteError, DeletePorts, DeleteWorkspace, delete};
pub use delete_own::{DeleteOwnError, TakeBackError, delete_own, take_back};
pub use plan::Plan;
pub use remove::{RemovePorts, remove_due};
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
    /// When and how it is to be deleted.
    pub deletion: Option<Deletion>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Workspace {
    /// A tenant under the plan of the installation.
    #[must_use]
    pub fn new(id: WorkspaceId, name: &str, created_at: Timestamp) -> Self {
        Self { id, name: name.to_owned(), plan: None, suspended: None, deletion: None, created_at }
    }
}

/// A deletion that has not begun: it can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When it was asked for. From then on the tenant may only read.
    pub asked_at: Timestamp,
    /// From when on everything is removed.
    pub due_at: Timestamp,
    /// Whether an export that was asked for since then has to be done before.
    pub exports: bool,
    /// Who asked for it.
    pub by: Asker,
}

/// Who asks for a deletion, or takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// An owner of the tenant. What an operator asked for they leave alone.
    Owner,
    /// Whoever runs the gateway.
    Operator,
}

impl Asker {
    /// The name used on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
        }
    }
}

/// What stays of a tenant that is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Identifier it had.
    pub id: WorkspaceId,
    /// What people called it.
    pub name: String,
    /// When its deletion was asked for.
    pub asked_at: Timestamp,
    /// When its removal began.
    pub began_at: Timestamp,
    /// When nothing of it was left.
    pub ended_at: Option<Timestamp>,
}

/// Why a tenant may only read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Since when.
    pub at: Timestamp,
    /// Why, for the tenant.
    pub reason: String,
}
