//! `GET <any path>/<token>`: a whole file, or a range of it.

use std::sync::Arc;

use anyhow::Result;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio_util::io::ReaderStream;

use super::files::token_in;
use super::query::parameter;
use super::{PICTURE, generation_in};
use crate::core::Core;

/// Bytes read from the file at a time.
const CHUNK: usize = 64 * 1024;

pub(super) async fn handle(core: Arc<Core>, request: Request<Body>) -> Response {
    let uri = request.uri();
    // Downloads work without a token, as those of other hosts do; a wrong one is refused.
    if parameter(uri, "auth")
        .is_some_and(|auth| core.media.auth.account(auth, core.clock.unix_secs()).is_none())
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(token) = token_in(uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    send(&core, token, uri.path(), request.headers()).await.unwrap_or_else(|error| {
        tracing::error!(error = %format!("{error:#}"), "download failed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}

async fn send(core: &Core, token: &str, path: &str, headers: &HeaderMap) -> Result<Response> {
    let Some(row) = core.state.media(token).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    if row.expired || generation_in(path) != row.generation {
        return Ok(StatusCode::GONE.into_response());
    }
    let wanted = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (first, length, partial) = match wanted.map(|range| read_range(range, row.size)) {
        None => (0, row.size, false),
        Some(Some((first, last))) => (first, last - first + 1, true),
        Some(None) => {
            let range = format!("bytes */{}", row.size);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, range)]).into_response());
        }
    };
    let mut file = File::open(core.media.files.path(token)).await?;
    file.seek(SeekFrom::Start(first)).await?;
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), CHUNK));
    let mut response = Response::builder()
        .header(
            header::CONTENT_TYPE,
            if row.kind == PICTURE { "image/jpeg" } else { "application/octet-stream" },
        )
        .header(header::CONTENT_LENGTH, length)
        .header(header::ACCEPT_RANGES, "bytes");
    if partial {
        let range = format!("bytes {first}-{}/{}", first + length - 1, row.size);
        response = response.status(StatusCode::PARTIAL_CONTENT).header(header::CONTENT_RANGE, range);
    }
    Ok(response.body(body)?)
}

/// First and last byte of `bytes=a-`, `bytes=a-b` or `bytes=-n`; `None` when it cannot be served.
fn read_range(range: &str, size: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = size.checked_sub(1)?;
    let (first, end) = if from.is_empty() {
        let count: u64 = to.parse().ok().filter(|count| *count > 0)?;
        (size.saturating_sub(count), last)
    } else {
        let end = if to.is_empty() { last } else { to.parse::<u64>().ok()?.min(last) };
        (from.parse().ok()?, end)
    };
    (first <= end).then_some((first, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_writes_them() {
        let table = [
            ("bytes=0-9", Some((0, 9))),
            ("bytes=5-", Some((5, 99))),
            ("bytes=-10", Some((90, 99))),
            ("bytes=90-1000", Some((90, 99))),
            ("bytes=100-", None),
            ("bytes=9-5", None),
            ("bytes=-0", None),
            ("lines=1-2", None),
            ("bytes=x-y", None),
        ];
        for (range, expected) in table {
            assert_eq!(read_range(range, 100), expected, "{range}");
        }
        assert_eq!(read_range("bytes=0-", 0), None);
    }
}
