//! Keeps web pages out: the API has no authentication, and any page may talk to loopback.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// Refuses requests whose `Host` or `Origin` is not a loopback name (DNS rebinding, cross-site posts).
pub(super) async fn loopback_only(request: Request, next: Next) -> Response {
    for name in [header::HOST, header::ORIGIN] {
        if !is_loopback(request.headers(), &name) {
            return Problem::foreign(name.as_str()).into_response();
        }
    }
    next.run(request).await
}

/// True when the header is absent or names this machine.
fn is_loopback(headers: &HeaderMap, name: &HeaderName) -> bool {
    let Some(value) = headers.get(name) else { return true };
    let uri: Option<Uri> = value.to_str().ok().and_then(|value| value.parse().ok());
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_pass() {
        let table = [
            ("127.0.0.1:4000", true),
            ("localhost", true),
            ("[::1]:4000", true),
            ("http://localhost:3000", true),
            ("example.org", false),
            ("https://example.org", false),
            ("127.0.0.1.example.org", false),
            ("null", false),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, value.parse().expect("header"));
            assert_eq!(is_loopback(&headers, &header::ORIGIN), expected, "{value}");
        }
        assert!(is_loopback(&HeaderMap::new(), &header::HOST));
    }
}
