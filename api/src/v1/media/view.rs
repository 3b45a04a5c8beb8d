//! A media object as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{Timestamp, media::Media};
use wagate_views::MediaViewState;

/// A file, staged to be sent or received.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Media)]
pub(crate) struct MediaView {
    /// Identifier.
    #[schema(example = "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Where it stands.
    state: MediaViewState,
    /// MIME type.
    #[schema(example = "image/jpeg")]
    mimetype: String,
    /// Size in bytes; `null` while it is not known.
    #[schema(example = 48213)]
    size: Option<u64>,
    /// SHA-256 of the file, hex, when it went through us.
    sha256: Option<String>,
    /// Name of the file.
    #[schema(example = "menu.jpg")]
    file_name: Option<String>,
    /// Session it came in through; `null` for files to be sent.
    session: Option<String>,
    /// Message it came in with; `null` for files to be sent.
    message: Option<String>,
    /// When it was announced (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
    /// Where to `GET` it without a key; present when it is ready.
    url: Option<String>,
    /// `url` is refused after this moment (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:15:00.000Z")]
    url_expires_at: Option<String>,
}

impl MediaView {
    /// The object with a link, where there is one.
    pub(super) fn new(media: Media, url: Option<(String, Timestamp)>) -> Self {
        let (url, url_expires_at) = url.map(|(url, at)| (url, at.to_string())).unzip();
        Self {
            id: media.id.to_string(),
            state: media.state.into(),
            mimetype: media.mime,
            size: (media.size > 0).then_some(media.size),
            sha256: media.sha256,
            file_name: media.file_name,
            session: media.session.map(|id| id.to_string()),
            message: media.message.map(|id| id.to_string()),
            created_at: media.created_at.to_string(),
            url,
            url_expires_at,
        }
    }
}

/// The example of a media object in the documentation.
pub(in crate::v1) fn example() -> serde_json::Value {
    json!({
        "id": "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "state": "ready",
        "mimetype": "image/jpeg",
        "size": 48213,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "file_name": "menu.jpg",
        "session": null,
        "message": null,
        "created_at": "2026-01-01T00:00:00.000Z",
        "url": "https://s3.example.com/wagate/ws_…/med_…?X-Amz-Signature=…",
        "url_expires_at": "2026-01-01T00:15:00.000Z"
    })
}
