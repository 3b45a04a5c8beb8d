//! `POST /api/v1/media/uploads`

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{
    Invalid,
    media::{self, Upload},
};

use crate::{
    ApiState,
    extract::{Answer, Caller, Fingerprint, JsonBody, Once},
    intake,
    problem::Problem,
};

/// A file that will be uploaded to storage directly.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginUpload {
    /// The file's type.
    #[schema(example = "video/mp4")]
    mimetype: String,
    /// The file's name.
    #[schema(example = "tour.mp4")]
    file_name: Option<String>,
    /// The file's size in bytes, to learn early that it is too large.
    #[schema(example = 7340032)]
    size: Option<u64>,
}

/// A media object whose file is awaited, and where to upload it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadBegun {
    /// Identifier; send it once the upload is done.
    #[schema(example = "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Always `pending`.
    #[schema(example = "pending")]
    state: &'static str,
    /// The request to make; no API key goes with it.
    upload: UploadRequest,
}

/// The request that uploads the file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadRequest {
    /// Always `PUT`.
    #[schema(example = "PUT")]
    method: &'static str,
    /// Where to send it.
    url: String,
    /// Headers to send with it, as they are.
    headers: BTreeMap<&'static str, String>,
    /// The link is refused after this moment (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T01:00:00.000Z")]
    expires_at: String,
}

/// Begin a direct upload
///
/// Answers with a link to which the file is uploaded past the gateway, the way for large files. Then send the object
/// by its id.
#[utoipa::path(
    post, path = "/media/uploads", tag = "media",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    request_body(content = BeginUpload, example = json!({"mimetype": "video/mp4", "file_name": "tour.mp4", "size": 7340032})),
    responses((
        status = 201, description = "Upload the file now.", body = UploadBegun,
        example = json!({
            "id": "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
            "state": "pending",
            "upload": {
                "method": "PUT",
                "url": "https://s3.example.com/wagate/ws_…/med_…?X-Amz-Signature=…",
                "headers": {"content-type": "video/mp4"},
                "expires_at": "2026-01-01T01:00:00.000Z"
            }
        }),
    )),
)]
pub(crate) async fn begin_upload(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    once: Once,
    JsonBody { value, digest }: JsonBody<BeginUpload>,
) -> Result<Response, Problem> {
    check_size(value.size)?;
    intake::check_name("file_name", value.file_name.as_deref())?;
    let state = &state;
    once.run(state, Fingerprint::of([digest.as_str()]), |seed| async move {
        let request = media::BeginUpload { mime: value.mimetype, file_name: value.file_name, seed };
        let begun = media::begin_upload(&state.env, state.staging(), caller, request).await?;
        Answer::json(StatusCode::CREATED, &UploadBegun::from(begun))
    })
    .await
}

/// A document is the largest thing WhatsApp takes.
fn check_size(size: Option<u64>) -> Result<(), Invalid> {
    let max = wagate_domain::messages::MediaKind::Document.max_bytes();
    match size {
        Some(size) if size == 0 || size > max => {
            Err(Invalid::new("size", "is out of range", format!("send a file of 1 to {max} bytes")))
        }
        _ => Ok(()),
    }
}

impl From<Upload> for UploadBegun {
    fn from(begun: Upload) -> Self {
        Self {
            id: begun.media.id.to_string(),
            state: begun.media.state.name(),
            upload: UploadRequest {
                method: "PUT",
                url: begun.url,
                headers: BTreeMap::from([("content-type", begun.media.mime)]),
                expires_at: begun.expires_at.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check_size;

    #[test]
    fn sizes_have_bounds() {
        for (size, fine) in [(None, true), (Some(1), true), (Some(0), false), (Some(3 << 30), false)] {
            assert_eq!(check_size(size).is_ok(), fine, "{size:?}");
        }
    }
}
