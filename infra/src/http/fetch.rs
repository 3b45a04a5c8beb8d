//! `GET` of a URL that a caller gave us.

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;
use futures::StreamExt;
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, LOCATION},
    redirect::Policy,
};
use wagate_domain::ports::{Fetch, FetchError, Fetched, PortError};

use super::guard::{Guard, is_refusal};
use crate::config::OutboundConfig;

/// Most redirects followed.
const MAX_REDIRECTS: usize = 5;
/// Longest file name taken over, in characters.
const MAX_NAME: usize = 255;

/// How long a fetch may take.
#[derive(Debug, Clone, Copy)]
pub struct FetchTimeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// Between two reads.
    pub idle: Duration,
}

impl Default for FetchTimeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), idle: Duration::from_secs(30) }
    }
}

/// [`Fetch`] over HTTP(S): no proxies, at most five redirects, every hop checked.
#[derive(Debug, Clone)]
pub struct GuardedFetch {
    client: Client,
    guard: Guard,
}

impl GuardedFetch {
    /// A client with the operator's exceptions.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(config: &OutboundConfig, timeouts: FetchTimeouts) -> Result<Self, PortError> {
        let guard = Guard::new(config);
        let client = Client::builder()
            .dns_resolver(guard.clone())
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.idle)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("wagate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| PortError::Internal { what: "outbound HTTP", source: Box::new(error) })?;
        Ok(Self { client, guard })
    }

    async fn follow(&self, mut url: Url) -> Result<Response, FetchError> {
        for _ in 0..=MAX_REDIRECTS {
            check(&self.guard, &url)?;
            let response = self.client.get(url.clone()).send().await.map_err(|error| unreachable(&error))?;
            let target = response.headers().get(LOCATION).filter(|_| response.status().is_redirection());
            let Some(target) = target else {
                return Ok(response);
            };
            let target = target.to_str().map_err(|_| FetchError::BadUrl)?;
            url = url.join(target).map_err(|_| FetchError::BadUrl)?;
        }
        Err(FetchError::Unreachable(format!("more than {MAX_REDIRECTS} redirects")))
    }
}

#[async_trait]
impl Fetch for GuardedFetch {
    async fn get(&self, url: &str) -> Result<Fetched, FetchError> {
        let response = self.follow(Url::parse(url).map_err(|_| FetchError::BadUrl)?).await?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mime = header(response.headers(), CONTENT_TYPE.as_str());
        let file_name = header(response.headers(), CONTENT_DISPOSITION.as_str())
            .and_then(|value| named_in(&value))
            .or_else(|| last_segment(response.url()));
        let length = response.content_length();
        let body = response.bytes_stream().map(|chunk| chunk.map_err(|error| reason(&error))).boxed();
        Ok(Fetched { mime, file_name, length, body })
    }
}

/// Whether a URL may be connected to, as far as it shows. A literal address never reaches the resolver, so it is
/// checked here.
pub(super) fn check(guard: &Guard, url: &Url) -> Result<(), FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::BadUrl);
    }
    let host = url.host_str().ok_or(FetchError::BadUrl)?;
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match literal {
        Ok(address) if !guard.permits(address) => Err(FetchError::Private),
        _ => Ok(()),
    }
}

pub(super) fn unreachable(error: &reqwest::Error) -> FetchError {
    if is_refusal(error) { FetchError::Private } else { FetchError::Unreachable(reason(error)) }
}

// the caller sees this text: it must not tell more of our network than that it did not work
fn reason(error: &reqwest::Error) -> String {
    let text = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    };
    text.to_owned()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The file name in a `Content-Disposition` header (RFC 6266; `filename*` is preferred).
fn named_in(disposition: &str) -> Option<String> {
    let parameters = || disposition.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    let extended = parameters()
        .find(|(name, _)| name.eq_ignore_ascii_case("filename*"))
        .and_then(|(_, value)| value.split_once("''"))
        .map(|(_, value)| percent_decoded(value));
    let plain = parameters()
        .find(|(name, _)| name.eq_ignore_ascii_case("filename"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned());
    extended.or(plain).and_then(|name| clean(&name))
}

fn last_segment(url: &Url) -> Option<String> {
    url.path_segments()?.next_back().and_then(|segment| clean(&percent_decoded(segment)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| hex::decode(digits).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.extend(code);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

// a name, never a path: whoever saves the file must not be led elsewhere
fn clean(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    let name = name.trim();
    (!name.is_empty() && name != "." && name != "..").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_found_and_never_lead_elsewhere() {
        for (disposition, name) in [
            ("attachment; filename=\"a b.pdf\"", Some("a b.pdf")),
            ("attachment; filename=plain.pdf", Some("plain.pdf")),
            ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%E2%82%AC.pdf", Some("€.pdf")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"..\"", None),
            ("inline", None),
        ] {
            assert_eq!(named_in(disposition).as_deref(), name, "{disposition}");
        }
        for (url, name) in [
            ("https://example.com/a/b%20c.png?x=1", Some("b c.png")),
            ("https://example.com/", None),
            ("https://example.com/a%2Fb", Some("b")),
            ("https://example.com/100%", Some("100%")),
        ] {
            assert_eq!(last_segment(&Url::parse(url).unwrap()).as_deref(), name, "{url}");
        }
    }
}
