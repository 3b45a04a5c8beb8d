//! The way to WhatsApp by a session's proxy.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri};
use hyper_util::{
    client::legacy::connect::{
        HttpConnector,
        proxy::{SocksV5, Tunnel},
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower::{Service, ServiceExt};
use wagate_domain::sessions::{Proxy, ProxyKind};
use wagate_infra::http::Guard;

/// Time to reach the proxy and for the proxy to reach WhatsApp.
const PATIENCE: Duration = Duration::from_secs(20);

/// A proxy, and what says whether it may be connected to.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    proxy: Proxy,
    guard: Guard,
}

/// The proxy did not do its part; said in words for the session's owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the proxy {proxy} {problem}")]
pub(crate) struct ProxyFailed {
    /// Its address, without credentials.
    proxy: String,
    problem: String,
}

impl Route {
    pub(crate) const fn new(proxy: Proxy, guard: Guard) -> Self {
        Self { proxy, guard }
    }

    /// Whether names are the proxy's to resolve.
    pub(super) const fn resolves(&self) -> bool {
        !matches!(self.proxy.kind, ProxyKind::Socks5)
    }

    /// A connection to a host by the proxy.
    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, ProxyFailed> {
        let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let target: Uri =
            format!("http://{target}").parse().map_err(|_| self.failed("is asked for no host"))?;
        let through = self.address().await?;
        let connected = async {
            match self.proxy.kind {
                ProxyKind::Http => self.tunnel(through, target).await,
                ProxyKind::Socks5 | ProxyKind::Socks5h => self.socks(through, target).await,
            }
        };
        tokio::time::timeout(PATIENCE, connected).await.map_err(|_| self.failed("does not answer in time"))?
    }

    /// The proxy as the HTTP client takes it.
    pub(super) async fn for_http(&self) -> Result<reqwest::Proxy, ProxyFailed> {
        // its address as it was checked, so that the name leads nowhere else a moment later
        let url = format!("{}://{}", self.proxy.kind.scheme(), self.address().await?);
        let proxy =
            reqwest::Proxy::all(url).map_err(|_| self.failed("has an address that cannot be used"))?;
        Ok(match self.proxy.credentials() {
            Some((user, password)) => proxy.basic_auth(user, password),
            None => proxy,
        })
    }

    async fn tunnel(&self, through: SocketAddr, target: Uri) -> Result<TcpStream, ProxyFailed> {
        let mut tunnel = Tunnel::new(self.uri(through)?, connector());
        if let Some((user, password)) = self.proxy.credentials() {
            let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            let basic = HeaderValue::from_str(&basic).map_err(|_| self.failed("has unusable credentials"))?;
            tunnel = tunnel.with_auth(basic);
        }
        self.call(tunnel, target).await
    }

    async fn socks(&self, through: SocketAddr, target: Uri) -> Result<TcpStream, ProxyFailed> {
        let mut socks = SocksV5::new(self.uri(through)?, connector());
        if let Some((user, password)) = self.proxy.credentials() {
            socks = socks.with_auth(user.clone(), password.clone());
        }
        self.call(socks, target).await
    }

    async fn call<S>(&self, service: S, target: Uri) -> Result<TcpStream, ProxyFailed>
    where
        S: Service<Uri, Response = TokioIo<TcpStream>>,
        S::Error: std::error::Error + 'static,
    {
        let connected = service.oneshot(target).await.map_err(|error| self.failed(meaning(&error)))?;
        Ok(connected.into_inner())
    }

    fn uri(&self, through: SocketAddr) -> Result<Uri, ProxyFailed> {
        format!("http://{through}").parse().map_err(|_| self.failed("has an address that cannot be used"))
    }

    /// Where the proxy is, if it may be connected to.
    async fn address(&self) -> Result<SocketAddr, ProxyFailed> {
        let found = self.guard.resolve_host(&self.proxy.host, self.proxy.port).await;
        found.map_err(|error| self.failed(format!("cannot be used: {error}")))
    }

    fn failed(&self, problem: impl Into<String>) -> ProxyFailed {
        ProxyFailed { proxy: self.proxy.url(), problem: problem.into() }
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(PATIENCE));
    connector.set_nodelay(true);
    connector
}

/// What an error of a proxy's protocol means to the proxy's owner. The library keeps its types to itself.
fn meaning(error: &(dyn std::error::Error + 'static)) -> String {
    let said = error.to_string();
    let told = |part: &str| said.contains(part);
    if told("credentials not accepted") || told("authorization required") || told("authentication") {
        return "refuses the user or the password".to_owned();
    }
    if told("underlying connection") {
        return "cannot be reached".to_owned();
    }
    if told("unsuccessful") {
        let hint = "check its user and password, and whether it allows WhatsApp's addresses";
        return format!("does not let the connection through: {hint}");
    }
    format!("does not let the connection through: {said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proxies_say_is_told_in_words() {
        for (said, told) in [
            ("SOCKS error: credentials not accepted", "refuses the user or the password"),
            (
                "SOCKS error: server does not support user/pass authentication",
                "refuses the user or the password",
            ),
            ("tunnel error: proxy authorization required", "refuses the user or the password"),
            ("tunnel error: failed to create underlying connection", "cannot be reached"),
            (
                "SOCKS error: Connection refused",
                "does not let the connection through: SOCKS error: Connection refused",
            ),
        ] {
            assert_eq!(meaning(&std::io::Error::other(said)), told, "{said}");
        }
    }
}
