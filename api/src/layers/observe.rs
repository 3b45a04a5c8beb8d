//! The outermost layer: the request's id in and out, one span, one log line, one count, and the
//! finishing of problems.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;
use wagate_domain::Env;

use crate::{
    admission::{Caller, CameFrom},
    problem::Problem,
};

/// The header that carries a request's id.
const REQUEST_ID: &str = "x-request-id";
/// Histogram of the time from request to answer in seconds, by method, route and status.
const LATENCY: &str = "wagate_http_request_seconds";
/// Longest id taken from a caller.
const MAX_REQUEST_ID: usize = 128;

/// The request's id, for whoever writes it down.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Surrounds a request. Neither headers nor the query are logged: both may carry secrets.
pub(crate) async fn observe(State(env): State<Env>, mut request: Request, next: Next) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(|| format!("req_{}", env.ulid()));
    hide_secrets(request.headers_mut());
    request.extensions_mut().insert(RequestId(id.clone()));
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let span = tracing::info_span!("http.request", request_id = %id, method = %method, route = %route);
    async {
        let started = Instant::now();
        let mut response = next.run(request).await;
        let caller = response.extensions().get::<Caller>().copied();
        let from = response.extensions().get::<CameFrom>().map_or(peer, |CameFrom(address)| *address);
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            log_problem(&problem);
            response = finish(&problem, &id, &response);
        }
        let (status, took) = (response.status().as_u16(), started.elapsed());
        note_access(&response, caller, from, took);
        let labels = [("method", known(&method)), ("route", route), ("status", status.to_string())];
        metrics::histogram!(LATENCY, &labels).record(took.as_secs_f64());
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

/// The access log: one line for each request. The span has its id, method and route; nothing of headers, query and body
/// is written.
fn note_access(response: &Response, caller: Option<Caller>, from: Option<IpAddr>, took: Duration) {
    tracing::info!(
        target: "wagate::access",
        status = response.status().as_u16(),
        duration_ms = took.as_millis(),
        workspace = caller.map(|Caller(caller)| tracing::field::display(caller.workspace)),
        caller = caller.map(|Caller(caller)| tracing::field::display(caller.actor)),
        address = from.map(tracing::field::display),
        "request"
    );
}

/// The method, unless the caller made one up: it must not make up series of figures.
fn known(method: &Method) -> String {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&method.as_str());
    if known { method.to_string() } else { "OTHER".to_owned() }
}

/// An id the caller chose, when it is fit for logs.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fit = !id.is_empty()
        && id.len() <= MAX_REQUEST_ID
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
    fit.then(|| id.to_owned())
}

/// Keeps credentials out of every `Debug` of the headers.
fn hide_secrets(headers: &mut HeaderMap) {
    for name in [header::AUTHORIZATION.as_str(), "x-api-key", "cookie"] {
        if let Some(value) = headers.get_mut(name) {
            value.set_sensitive(true);
        }
    }
}

/// The one place where a failure is logged.
fn log_problem(problem: &Problem) {
    let (code, cause) = (problem.code(), problem.chain());
    if code.status().is_server_error() {
        tracing::error!(code = code.name(), cause, "request failed");
    } else {
        tracing::info!(code = code.name(), cause, "request refused");
    }
}

/// The same answer with the request's id in its body; headers that others added stay.
fn finish(problem: &Problem, id: &str, plain: &Response) -> Response {
    let mut finished = problem.clone().render(Some(id));
    finished.extensions_mut().remove::<Problem>();
    for (name, value) in plain.headers() {
        if name != header::CONTENT_LENGTH && !finished.headers().contains_key(name) {
            finished.headers_mut().append(name, value.clone());
        }
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_ids_that_are_fit_for_logs() {
        for (id, taken) in [
            ("9b2c1f7e-0d4a", true),
            ("trace:1.2_3", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            ("<script>", false),
            (&"x".repeat(MAX_REQUEST_ID + 1), false),
        ] {
            let headers = HeaderMap::from_iter([(REQUEST_ID.parse().unwrap(), id.parse().unwrap())]);
            assert_eq!(given_id(&headers).is_some(), taken, "{id:?}");
        }
    }

    #[test]
    fn a_made_up_method_makes_no_series_of_its_own() {
        assert_eq!(known(&Method::GET), "GET");
        assert_eq!(known(&Method::from_bytes(b"MADE-UP").unwrap()), "OTHER");
    }

    #[test]
    fn credentials_do_not_show() {
        let mut headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, HeaderValue::from_static("Bearer wg_secret")),
            ("x-api-key".parse().unwrap(), HeaderValue::from_static("wg_secret")),
        ]);
        hide_secrets(&mut headers);
        assert!(!format!("{headers:?}").contains("wg_secret"));
    }
}
