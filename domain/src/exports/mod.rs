//! Exports: everything of a workspace that its owner would want to take along, in one file.

mod expire;
mod item;
mod make;
mod read;
mod request;

pub use expire::expire;
pub use item::{Item, Settings};
pub use make::{MakePorts, Making, make};
pub use read::{Place, Sources, page};
pub use request::{LinkError, MOST, RequestError, link, request};

use crate::{ExportId, Timestamp, WorkspaceId};

/// MIME type of the file: JSON Lines, compressed by gzip.
pub const MIME: &str = "application/gzip";

/// An export of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Identifier.
    pub id: ExportId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Where it stands.
    pub state: ExportState,
    /// How often it was begun.
    pub attempts: u32,
    /// Lines written so far, or in all.
    pub lines: u64,
    /// Size of the file in bytes; 0 until it is done.
    pub bytes: u64,
    /// What went wrong last, for people.
    pub failure: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was done, or given up.
    pub ended_at: Option<Timestamp>,
    /// When it is deleted.
    pub expires_at: Option<Timestamp>,
}

/// Where an export stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportState {
    /// No worker has begun.
    Waiting,
    /// A worker writes it.
    Running,
    /// The file is there, whole.
    Done,
    /// It was given up; there is no file.
    Failed,
}

impl Export {
    /// One that nobody has begun.
    #[must_use]
    pub const fn new(id: ExportId, workspace: WorkspaceId, asked_at: Timestamp) -> Self {
        Self {
            id,
            workspace,
            state: ExportState::Waiting,
            attempts: 0,
            lines: 0,
            bytes: 0,
            failure: None,
            asked_at,
            ended_at: None,
            expires_at: None,
        }
    }

    /// Whether it is still to be made.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        matches!(self.state, ExportState::Waiting | ExportState::Running)
    }

    /// Key of the file in S3. It lies apart from the workspace's own objects: it may outlive them.
    #[must_use]
    pub fn object_key(&self) -> String {
        format!("exports/{}/{}", self.workspace, self.file_name())
    }

    /// Name of the file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.jsonl.gz", self.id)
    }
}

impl ExportState {
    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}
