//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{HeaderMap, request::Parts};
use wagate_domain::auth::Networks;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The caller's address, when it is known: what is connected to us, or, where that is one of our proxies, whom it says
/// that it forwards for.
pub(crate) fn client_address(parts: &Parts, trusted: &Networks) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    Some(behind(peer, &parts.headers, trusted))
}

/// Each proxy adds at the right end whom it heard from: the first from there that is no proxy of ours is the caller.
/// Whatever stands further left the caller may have made up.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let mut from = peer;
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut said = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while !trusted.is_empty() && trusted.contain(from) {
        match said.next().and_then(|entry| address(entry.trim())) {
            Some(next) => from = next.to_canonical(),
            None => break,
        }
    }
    from
}

/// An address, as some proxies write it with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_own_proxies_say_is_believed() {
        let ours = Networks::read("", ["10.0.0.0/8", "fd00::/8"]).unwrap();
        for (peer, said, expected) in [
            ("192.0.2.1", vec!["203.0.113.9"], "192.0.2.1"),
            ("10.0.0.1", vec!["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", vec!["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", vec!["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", vec!["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", vec!["203.0.113.9:4711"], "203.0.113.9"),
            ("fd00::1", vec!["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", vec!["2001:db8::7"], "2001:db8::7"),
            ("::ffff:10.0.0.1", vec!["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", vec!["nonsense"], "10.0.0.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["10.0.0.2"], "10.0.0.2"),
        ] {
            let mut headers = HeaderMap::new();
            for line in &said {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let peer: IpAddr = peer.parse().unwrap();
            let found = behind(peer.to_canonical(), &headers, &ours);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {said:?}");
            let nobodys = behind(peer.to_canonical(), &headers, &Networks::default());
            assert_eq!(nobodys, peer.to_canonical(), "without proxies of ours nothing is believed");
        }
    }
}
