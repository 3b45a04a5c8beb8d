//! Media objects: staged in S3 before they are sent, fetched into S3 when they come in.

mod link;
mod stage;

pub use link::{LinkError, MediaLink, link};
pub use stage::{BeginUpload, StageError, StageMedia, Staging, Upload, begin_upload, finish_upload, stage};

use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, MediaId, MessageId, SessionId, Timestamp, WorkspaceId, auth::Actor};

/// Where a media object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaState {
    /// Announced; its bytes are not in S3 yet.
    Pending,
    /// In S3.
    Ready,
    /// Could not be fetched.
    Failed,
    /// WhatsApp no longer has it.
    Expired,
}

impl MediaState {
    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Ready, Self::Failed, Self::Expired]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A media object of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Identifier.
    pub id: MediaId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session it came in through; absent for staged objects.
    pub session: Option<SessionId>,
    /// Message it came in with; absent for staged objects.
    pub message: Option<MessageId>,
    /// API key it was staged with; absent for what came in, and for what a person staged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged_with: Option<ApiKeyId>,
    /// Where it stands.
    pub state: MediaState,
    /// MIME type.
    pub mime: String,
    /// Size of the plain file in bytes; 0 while pending and unknown.
    pub size: u64,
    /// SHA-256 of the plain file, hex, once known.
    pub sha256: Option<String>,
    /// Name of the file.
    pub file_name: Option<String>,
    /// Where WhatsApp keeps it and how it is opened (opaque to all but the connector); inbound only.
    pub locator: Option<serde_json::Value>,
    /// When it was announced.
    pub created_at: Timestamp,
}

impl Media {
    /// Key of the object in S3: the tenant first.
    #[must_use]
    pub fn object_key(&self) -> String {
        format!("{}/{}", self.workspace, self.id)
    }

    /// Whether a caller who may touch these sessions only may touch it: it came in through one of them, or was staged with
    /// the caller's own key.
    #[must_use]
    pub fn is_within(&self, sessions: &[SessionId], caller: Actor) -> bool {
        match self.session {
            Some(session) => sessions.contains(&session),
            None => self.staged_with.is_some_and(|key| caller == Actor::Key(key)),
        }
    }
}
