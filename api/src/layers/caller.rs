//! Who calls, for the layers outside: a handler's caller is gone by the time its answer is there.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};

use crate::{ApiState, extract::Caller};

/// What of this server needs a key.
pub(super) const GUARDED: &str = "/api/v1/";

/// Leaves the caller with the answer. Whether one is needed is the handler's business.
pub(crate) async fn know_caller(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(GUARDED) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &state).await;
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Ok(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response
}
