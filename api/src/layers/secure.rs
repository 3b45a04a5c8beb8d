//! Headers that tell browsers what not to do with our answers.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::GUARDED;
use crate::ApiState;

/// For everything that is not a page.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// For the pages of the documentation, which bring scripts of their own.
const DOCUMENTS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// A year. Other names of the operator's domain are his business.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds to every answer what it does not say itself.
pub(crate) async fn secure(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let private = path.starts_with(GUARDED) || path.starts_with("/mailbox");
    let documents = path.starts_with("/api/docs");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    add(headers, header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    add(headers, header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    add(headers, header::CONTENT_SECURITY_POLICY, if documents { DOCUMENTS } else { NOTHING });
    if private {
        add(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if state.public_url.is_https() {
        add(headers, header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    response
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}
