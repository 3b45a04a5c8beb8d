//! Bounds on the head of a request. The server's own are wider, and answer without a body.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::HeaderMap;

use crate::problem::{Code, Problem};

/// Longest path and query, in bytes.
const MAX_URI: usize = 8 * 1024;
/// Most headers.
const MAX_HEADERS: usize = 64;
/// Names and values of all headers together, in bytes.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Refuses what no client of ours sends.
pub(crate) async fn bound_head(request: Request, next: Next) -> Response {
    let uri = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    let problem = if uri > MAX_URI {
        let detail = format!("Path and query have {uri} bytes; {MAX_URI} are taken");
        Some(Problem::new(Code::UriTooLong, detail))
    } else {
        too_many(request.headers()).map(|detail| Problem::new(Code::HeadersTooLarge, detail))
    };
    match problem {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

/// What is too much of the headers.
fn too_many(headers: &HeaderMap) -> Option<String> {
    let count = headers.len();
    if count > MAX_HEADERS {
        return Some(format!("There are {count} headers; {MAX_HEADERS} are taken"));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    (bytes > MAX_HEADER_BYTES)
        .then(|| format!("The headers have {bytes} bytes; {MAX_HEADER_BYTES} are taken"))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn heads_are_bounded() {
        for (count, length, taken) in [(0, 0, true), (64, 10, true), (65, 1, false), (1, 17_000, false)] {
            let value = HeaderValue::from_str(&"x".repeat(length)).unwrap();
            let name = |n: usize| HeaderName::from_bytes(format!("x-{n}").as_bytes()).unwrap();
            let headers: HeaderMap = (0..count).map(|n| (name(n), value.clone())).collect();
            assert_eq!(too_many(&headers).is_none(), taken, "{count} of {length}");
        }
    }
}
