//! Which URLs keep secrets on their way.

use std::net::IpAddr;

use reqwest::Url;

/// Whether what is sent there stays between the two ends: HTTPS, or plain HTTP that never leaves this machine.
pub(crate) fn is_secure(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => host == "localhost" || is_loopback(host),
        _ => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    literal.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for (url, secure) in [
            ("https://login.example.com", true),
            ("https://10.0.0.1:8443/realms/x", true),
            ("http://localhost:8080", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:3000/", true),
            ("http://127.1/", true),
            ("http://login.example.com", false),
            ("http://127.example.com", false),
            ("http://localhost.example.com", false),
            ("ftp://localhost", false),
            ("login.example.com", false),
            ("", false),
        ] {
            assert_eq!(is_secure(url), secure, "{url}");
        }
    }
}
