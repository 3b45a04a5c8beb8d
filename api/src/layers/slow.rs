//! A bound on how long the next piece of a body is waited for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing of the body came for {} s", .0.as_secs_f32())]
struct TooSlow(Duration);

/// Breaks off bodies that stop coming. Whatever the handler makes of the end, the answer is a 408.
pub(crate) async fn hurry_body(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let patience = state.limits.body_patience;
    let slow = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&slow);
    let request = request.map(|body| hurried(body, patience, noted));
    let response = next.run(request).await;
    if slow.load(Ordering::Relaxed) && !response.status().is_success() {
        return Problem::plain(Code::BodyTooSlow).because(TooSlow(patience)).into_response();
    }
    response
}

/// The same body, broken off when the next piece does not come in time, which is noted.
fn hurried(body: Body, patience: Duration, slow: Arc<AtomicBool>) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let chunks = stream::unfold(Some(body.into_data_stream()), move |rest| {
        let slow = Arc::clone(&slow);
        async move {
            let mut rest = rest?;
            match tokio::time::timeout(patience, rest.next()).await {
                Ok(chunk) => chunk.map(|chunk| (chunk, Some(rest))),
                Err(_) => {
                    slow.store(true, Ordering::Relaxed);
                    Some((Err(axum::Error::new(TooSlow(patience))), None))
                }
            }
        }
    });
    Body::from_stream(chunks)
}
