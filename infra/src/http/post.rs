//! `POST` to a URL that a tenant gave us.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use wagate_domain::ports::{Answer, FetchError, Letter, PortError, Post};

use super::{fetch::check, fetch::unreachable, guard::Guard};
use crate::config::OutboundConfig;

/// Most of an answer's body that is read: what follows is left unread and the connection is closed.
const READ: usize = 16 * 1024;
/// How much of it is kept, in characters.
const KEPT: usize = 1_024;
/// For the connection, TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// Connections to one host that wait for the next event.
const IDLE: usize = 8;

/// [`Post`] over HTTP(S): no proxies, no redirects, every address checked before it is connected to.
#[derive(Debug, Clone)]
pub struct GuardedPost {
    client: Client,
    guard: Guard,
}

impl GuardedPost {
    /// A client with the operator's exceptions.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(config: &OutboundConfig) -> Result<Self, PortError> {
        let guard = Guard::new(config);
        let client = Client::builder()
            .dns_resolver(guard.clone())
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(IDLE)
            .user_agent(concat!("wagate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| PortError::Internal { what: "outbound HTTP", source: Box::new(error) })?;
        Ok(Self { client, guard })
    }

    fn url(&self, url: &str) -> Result<Url, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::BadUrl)?;
        check(&self.guard, &url)?;
        Ok(url)
    }
}

#[async_trait]
impl Post for GuardedPost {
    fn check(&self, url: &str) -> Result<(), FetchError> {
        self.url(url).map(drop)
    }

    async fn post(&self, letter: &Letter) -> Result<Answer, FetchError> {
        let mut request = self
            .client
            .post(self.url(&letter.url)?)
            .header(CONTENT_TYPE, "application/json")
            .body(letter.body.clone());
        for (name, value) in &letter.headers {
            request = request.header(name, value);
        }
        // the whole exchange: a server that answers byte by byte does not hold us longer
        let exchange = async {
            let response = request.send().await.map_err(|error| unreachable(&error))?;
            let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
            Ok(Answer { status, retry_after, excerpt: beginning(response).await })
        };
        match tokio::time::timeout(letter.patience, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::Unreachable("timed out".to_owned())),
        }
    }
}

async fn beginning(mut response: Response) -> String {
    let mut body = Vec::new();
    // an answer whose body breaks off is an answer all the same
    while body.len() < READ {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&body).chars().take(KEPT).collect()
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(date.duration_since(jiff::Timestamp::now())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_asks_for_is_read() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("soon"), None);
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), None, "past");
        let ahead = read("Fri, 01 Jan 2100 00:00:00 GMT").unwrap();
        assert!(ahead > Duration::from_secs(3_600));
    }
}
