//! The refresh token of a dashboard: in a cookie that no script reads and no other site sends.

use http::{HeaderMap, HeaderValue, Uri, header};
use wagate_domain::{Timestamp, people::TokenSecret};

use crate::{
    PublicUrl,
    problem::{Code, Problem},
};

const NAME: &str = "wagate_refresh";
/// The only addresses it is sent to.
const PATH: &str = "/api/v1/account";

/// The header that sets the cookie.
pub(crate) fn setting(token: &TokenSecret, now: Timestamp, until: Timestamp, us: &PublicUrl) -> HeaderValue {
    cookie(token.expose(), until.since(now).as_secs(), us)
}

/// The header that takes the cookie away.
pub(crate) fn clearing(us: &PublicUrl) -> HeaderValue {
    cookie("", 0, us)
}

fn cookie(value: &str, max_age: u64, us: &PublicUrl) -> HeaderValue {
    let secure = if on_this_machine(&us.join("")) { "" } else { "; Secure" };
    let text = format!("{NAME}={value}; Path={PATH}; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
    let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

/// The token in the cookie, when the page that sends it is ours. `SameSite` keeps other sites out; this does too where
/// a browser does not know it, and for other ports and subdomains, which count as the same site.
pub(crate) fn refresh_cookie(headers: &HeaderMap, us: &PublicUrl) -> Result<TokenSecret, Problem> {
    let token = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
        .filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| {
        Problem::new(
            Code::RefreshTokenInvalid,
            "There is no refresh token, neither in the body nor in a cookie",
        )
    })?;
    if is_ours(headers, us) {
        Ok(TokenSecret::presented(token))
    } else {
        Err(Problem::plain(Code::CrossSite))
    }
}

fn is_ours(headers: &HeaderMap, us: &PublicUrl) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            origin_of(origin).is_some_and(|origin| Some(origin) == origin_of(&us.join("")))
        }
        (None, None) => false,
    }
}

fn origin_of(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_owned();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    Some((scheme, uri.host()?.to_ascii_lowercase(), port))
}

/// Browsers keep secure cookies of plain HTTP for nobody, in some cases not even for this machine.
fn on_this_machine(url: &str) -> bool {
    let host = origin_of(url).filter(|(scheme, ..)| scheme == "http").map(|(_, host, _)| host);
    host.is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_for_us_alone() {
        let token = TokenSecret::presented("wgt_1");
        let (now, until) = (Timestamp::from_millis(0), Timestamp::from_millis(60_000));
        let set = |url: &str| setting(&token, now, until, &PublicUrl::new(url)).to_str().unwrap().to_owned();
        let plain = "wagate_refresh=wgt_1; Path=/api/v1/account; Max-Age=60; HttpOnly; SameSite=Strict";
        assert_eq!(set("http://localhost:8080"), plain);
        assert_eq!(set("http://127.0.0.1:8080"), plain);
        for url in ["https://wa.example.com", "http://wa.example.com", "https://localhost"] {
            assert_eq!(set(url), format!("{plain}; Secure"), "{url}");
        }
        assert!(
            !format!("{:?}", setting(&token, now, until, &PublicUrl::new("https://a"))).contains("wgt_1")
        );
    }

    #[test]
    fn it_is_taken_from_our_own_pages_only() {
        let us = PublicUrl::new("https://wa.example.com");
        for (site, origin, good) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("https://evil.example.com"), true),
            (Some("same-site"), Some("https://wa.example.com"), false),
            (Some("cross-site"), None, false),
            (Some("none"), None, false),
            (None, Some("https://wa.example.com"), true),
            (None, Some("https://wa.example.com:443"), true),
            (None, Some("http://wa.example.com"), false),
            (None, Some("https://wa.example.com.evil.com"), false),
            (None, Some("null"), false),
            (None, None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("cookie", HeaderValue::from_static("a=b; wagate_refresh=wgt_1"));
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            if let Some(origin) = origin {
                headers.insert("origin", HeaderValue::from_static(origin));
            }
            let found = refresh_cookie(&headers, &us).map_err(|problem| problem.code());
            let expected = if good { Ok(TokenSecret::presented("wgt_1")) } else { Err(Code::CrossSite) };
            assert_eq!(found, expected, "{site:?} {origin:?}");
        }
    }
}
