//! What a caller shows to say who it is.

use http::{HeaderMap, header};

/// Longest credential worth reading.
const MAX: usize = 4_096;
/// What a WebSocket's subprotocol begins with that carries a credential: browsers can set no header there.
const BEARER: &str = "bearer.";

/// The credential in `Authorization: Bearer`, failing that in `X-API-Key`, failing that among the subprotocols of a
/// WebSocket.
pub(super) fn presented(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, credential) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(credential)
    });
    let protocol = || {
        let offered = text(header::SEC_WEBSOCKET_PROTOCOL.as_str())?;
        offered.split(',').find_map(|protocol| protocol.trim().strip_prefix(BEARER))
    };
    let shown = bearer.or_else(|| text("x-api-key")).or_else(protocol);
    shown.map(str::trim).filter(|shown| !shown.is_empty() && shown.len() <= MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_credential_wherever_it_may_stand() {
        for (headers, expected) in [
            (vec![("authorization", "Bearer wg_1")], Some("wg_1")),
            (vec![("authorization", "bearer   wg_1 ")], Some("wg_1")),
            (vec![("x-api-key", "wg_2")], Some("wg_2")),
            (vec![("authorization", "Bearer wg_1"), ("x-api-key", "wg_2")], Some("wg_1")),
            (vec![("authorization", "Basic abc"), ("x-api-key", "wg_2")], Some("wg_2")),
            (vec![("authorization", "Basic abc")], None),
            (vec![("authorization", "Bearer ")], None),
            (vec![("authorization", "wg_1")], None),
            (vec![("sec-websocket-protocol", "wagate.v1, bearer.wg_3")], Some("wg_3")),
            (vec![("sec-websocket-protocol", "bearer.wg_3")], Some("wg_3")),
            (vec![("sec-websocket-protocol", "wagate.v1")], None),
            (vec![], None),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(presented(&map), expected, "{headers:?}");
        }
    }
}
