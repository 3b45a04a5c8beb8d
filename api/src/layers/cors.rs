//! Cross-origin requests (the Fetch standard, "CORS protocol"): which web pages may read our answers.
//!
//! A preflight carries no key, so it is answered when any workspace allows the page's origin. The answer itself can be
//! read only by pages that the caller's own workspace allows. Cookies never count (`Access-Control-Allow-Credentials`
//! is not sent), so another site can do nothing with what a browser remembers.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::GUARDED;
use crate::{ApiState, extract::Caller, problem::Problem};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
/// What callers may set.
const ALLOWED: HeaderValue = HeaderValue::from_static(
    "authorization, x-api-key, wagate-workspace, content-type, accept, idempotency-key, x-request-id, last-event-id",
);
/// What pages may read beside the body.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, idempotent-replayed, retry-after, ratelimit, ratelimit-policy, ratelimit-limit, \
     ratelimit-remaining, ratelimit-reset",
);
/// How long a browser may remember a preflight, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// Answers preflights, and lets pages of allowed origins read what comes back.
pub(crate) async fn cors(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(GUARDED) {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = match &origin {
        Some(origin) if is_preflight(&request) => preflight(&state, origin).await,
        Some(origin) => {
            let mut response = next.run(request).await;
            let caller = response.extensions().get::<Caller>().copied();
            if is_allowed(&state, caller, origin).await {
                let headers = response.headers_mut();
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
            response
        }
        None => next.run(request).await,
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

async fn preflight(state: &ApiState, origin: &HeaderValue) -> Response {
    let allowed = match origin.to_str() {
        Ok(origin) => state.origins.anybody_allows(origin).await,
        Err(_) => Ok(false),
    };
    match allowed {
        Ok(allowed) => {
            let mut headers = HeaderMap::new();
            if allowed {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED);
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
            }
            (StatusCode::NO_CONTENT, headers).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Whether the workspace of whoever called allows a page's origin. When that cannot be found out, it does not.
async fn is_allowed(state: &ApiState, caller: Option<Caller>, origin: &HeaderValue) -> bool {
    let (Some(Caller(caller)), Ok(origin)) = (caller, origin.to_str()) else { return false };
    match state.origins.get(caller.workspace).await {
        Ok(origins) => origins.iter().any(|allowed| allowed == origin),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "allowed origins are unknown");
            false
        }
    }
}
