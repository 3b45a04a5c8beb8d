//! Bounds on how long a request may take.

use std::time::Duration;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem::{Code, Problem};

/// For requests that carry no file: longer than the longest wait for a connector.
pub(crate) const QUICK: Duration = Duration::from_secs(30);
/// For requests that stream a file.
pub(crate) const UPLOAD: Duration = Duration::from_mins(15);

/// Runs the request, but not longer than `limit`.
pub(crate) async fn within(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::plain(Code::TimedOut).into_response(),
    }
}
