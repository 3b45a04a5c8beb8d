//! Who may read the mailbox: callers on this machine, asking it by a name of its own.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

use crate::problem::{Code, Problem};

/// Headers that proxies add: behind one, everybody seems to be on this machine.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Lets callers on this machine in; nobody else learns that there is anything.
pub(super) async fn neighbours_only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if is_neighbour(peer, request.headers()) {
        next.run(request).await
    } else {
        Problem::plain(Code::NotFound).into_response()
    }
}

/// A page of another site could let its own name lead here ("DNS rebinding"), so the name asked for counts as well.
fn is_neighbour(peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    peer.is_some_and(|peer| peer.to_canonical().is_loopback())
        && is_own_name(host)
        && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// `localhost` or a loopback address, with or without a port.
fn is_own_name(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let address = host.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_let_in() {
        for (peer, name, header, admitted) in [
            ("127.0.0.1", "127.0.0.1:8080", None, true),
            ("127.0.0.1", "localhost:8080", None, true),
            ("127.0.0.1", "localhost", None, true),
            ("::1", "[::1]:8080", None, true),
            ("::1", "[::1]", None, true),
            ("::ffff:127.0.0.1", "127.0.0.1", None, true),
            ("127.0.0.1", "evil.example:8080", None, false),
            ("127.0.0.1", "localhost.evil.example", None, false),
            ("127.0.0.1", "192.168.1.2:8080", None, false),
            ("127.0.0.1", "", None, false),
            ("127.0.0.1", "127.0.0.1", Some("x-forwarded-for"), false),
            ("127.0.0.1", "127.0.0.1", Some("forwarded"), false),
            ("192.168.1.7", "127.0.0.1:8080", None, false),
            ("203.0.113.1", "localhost", None, false),
        ] {
            let mut headers = HeaderMap::from_iter([(header::HOST, name.parse().unwrap())]);
            if let Some(header) = header {
                headers.insert(header, "203.0.113.9".parse().unwrap());
            }
            let let_in = is_neighbour(Some(peer.parse().unwrap()), &headers);
            assert_eq!(let_in, admitted, "{peer} asks {name} ({header:?})");
        }
        let headers = HeaderMap::from_iter([(header::HOST, "localhost".parse().unwrap())]);
        assert!(!is_neighbour(None, &headers), "from nowhere");
    }
}
