//! `POST <any path>/<token>?auth=…`: an upload, or the question where to resume one.

use std::sync::Arc;

use anyhow::Result;
use axum::Json;
use axum::body::Body;
use axum::http::{Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::json;

use super::files::{Part, token_in};
use super::query::parameter;
use super::{Media, Stored};
use crate::core::Core;

pub(super) async fn handle(core: Arc<Core>, request: Request<Body>) -> Response {
    let uri = request.uri().clone();
    let media = &core.media;
    if parameter(&uri, "auth").is_none_or(|auth| media.auth.account(auth, core.clock.unix_secs()).is_none()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(token) = token_in(uri.path()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let kind = kind(uri.path());
    let result = if parameter(&uri, "resume").is_some() {
        where_to_resume(&core, token).await
    } else {
        receive(&core, &uri, &kind, token, request.into_body()).await
    };
    result.unwrap_or_else(|error| {
        tracing::error!(error = %format!("{error:#}"), "upload failed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

async fn where_to_resume(core: &Core, token: &str) -> Result<Response> {
    if let Some(row) = core.state.media(token).await?.filter(|row| !row.expired) {
        let Stored { url, direct_path, .. } = core.media.location(row);
        let body = json!({ "resume": "complete", "url": url, "direct_path": direct_path });
        return Ok(Json(body).into_response());
    }
    Ok(match core.media.files.kept(token).await {
        Some(offset) => Json(json!({ "resume": offset.to_string() })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn receive(core: &Core, uri: &Uri, kind: &str, token: &str, body: Body) -> Result<Response> {
    let media = &core.media;
    let offset = parameter(uri, "file_offset").and_then(|offset| offset.parse().ok());
    let part = match offset {
        Some(offset) if offset > 0 => media.files.resume(token, offset).await?,
        _ => Some(media.files.begin(token).await?),
    };
    let Some(part) = part else { return Ok(StatusCode::CONFLICT.into_response()) };
    match fill(media, part, body).await? {
        Filled::Whole(part) => Ok(match media.keep(&core.state, kind, *part).await? {
            Some(Stored { url, direct_path, .. }) => {
                Json(json!({ "url": url, "direct_path": direct_path })).into_response()
            }
            None => (StatusCode::BAD_REQUEST, "token is not the SHA-256 of the body").into_response(),
        }),
        Filled::TooLarge => Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Filled::BrokenOff => Ok(StatusCode::BAD_REQUEST.into_response()),
    }
}

enum Filled {
    Whole(Box<Part>),
    TooLarge,
    BrokenOff,
}

async fn fill(media: &Media, mut part: Part, body: Body) -> Result<Filled> {
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else {
            media.files.interrupt(part).await;
            return Ok(Filled::BrokenOff);
        };
        if part.size() + u64::try_from(chunk.len())? > media.max_bytes {
            media.files.discard(part).await;
            return Ok(Filled::TooLarge);
        }
        part.write(&chunk).await?;
    }
    Ok(Filled::Whole(Box::new(part)))
}

/// The part of the path before the token, such as `image` of `/mms/image/<token>`.
pub(super) fn kind(path: &str) -> String {
    let part = path.rsplit('/').nth(1).unwrap_or_default();
    let kind: String = part.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(32).collect();
    if kind.is_empty() { "file".to_owned() } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_the_part_before_the_token() {
        assert_eq!(kind("/mms/md-app-state/abc"), "md-app-state");
        assert_eq!(kind("/abc"), "file");
        assert_eq!(kind("/a/%2e%2e/abc"), "2e2e");
    }
}
