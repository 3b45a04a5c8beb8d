//! A media object, as it is shown.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::media::MediaState;

/// Where a media object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MediaState)]
pub enum MediaViewState {
    /// Announced; the file is not there yet.
    Pending,
    /// There.
    Ready,
    /// Could not be fetched from WhatsApp.
    Failed,
    /// WhatsApp no longer has it.
    Expired,
}

impl From<MediaState> for MediaViewState {
    fn from(state: MediaState) -> Self {
        match state {
            MediaState::Pending => Self::Pending,
            MediaState::Ready => Self::Ready,
            MediaState::Failed => Self::Failed,
            MediaState::Expired => Self::Expired,
        }
    }
}
