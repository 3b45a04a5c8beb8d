//! The addresses a live build may connect to: WhatsApp's own, outside.

use std::net::SocketAddr;

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use wacore::net::WHATSAPP_WEB_WS_URL;

use super::networks::is_inside;
use crate::config::{Network, StartError};

/// Domains under which WhatsApp serves its web client and its media.
const DOMAINS: [&str; 2] = ["whatsapp.net", "whatsapp.com"];

/// Lets through what belongs to WhatsApp.
#[derive(Debug, Clone)]
pub(crate) struct Gate;

impl Gate {
    /// There is nothing to configure: any override is refused.
    pub(crate) fn new(network: &Network) -> Result<Self, StartError> {
        match network {
            Network::Live => Ok(Self),
            Network::Sandbox(_) => {
                Err(StartError::WrongBuild { build: "live", network: "a simulated network" })
            }
        }
    }

    /// WhatsApp's own WebSocket, provided that its name does not lead inside.
    pub(super) async fn socket(&self) -> anyhow::Result<String> {
        let url: Url = WHATSAPP_WEB_WS_URL.parse()?;
        outside(url.host_str().unwrap_or_default(), 443).await?;
        Ok(WHATSAPP_WEB_WS_URL.to_owned())
    }

    /// The same, and what a proxy is asked for: the name where it resolves names itself, else a public address of it.
    pub(super) async fn socket_by_proxy(&self, resolves: bool) -> anyhow::Result<(String, String, u16)> {
        let url: Url = WHATSAPP_WEB_WS_URL.parse()?;
        let name = url.host_str().unwrap_or_default();
        let host = if resolves { name.to_owned() } else { outside(name, 443).await?[0].ip().to_string() };
        Ok((url.to_string(), host, 443))
    }

    /// Checks an address of WhatsApp's media hosts or of its web client.
    pub(super) fn http(&self, url: &str) -> anyhow::Result<Url> {
        let target: Url = url.parse()?;
        let host = target.host_str().unwrap_or_default();
        let own = DOMAINS.iter().any(|domain| {
            host == *domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        });
        anyhow::ensure!(
            target.scheme() == "https" && target.port().is_none() && target.username().is_empty() && own,
            "a live build does not connect to {host}"
        );
        Ok(target)
    }

    /// A client that follows no redirects and resolves names to public addresses only.
    pub(super) fn client() -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(true)
            .dns_resolver(Outside)
    }
}

/// A resolver that refuses names leading inside.
struct Outside;

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = outside(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn outside(host: &str, port: u16) -> anyhow::Result<Vec<SocketAddr>> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let inside = addresses.iter().any(|address| is_inside(address.ip()));
    anyhow::ensure!(
        !inside && !addresses.is_empty(),
        "a live build does not connect to {host}: it leads inside"
    );
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SandboxNetwork;

    #[test]
    fn refuses_any_override() {
        let network = Network::Sandbox(SandboxNetwork {
            ws_url: "wss://web.whatsapp.com/ws/chat".to_owned(),
            media_https_host: "mmg.whatsapp.net".to_owned(),
            media_http_addr: "127.0.0.1:1".parse().unwrap(),
        });
        let refused = Gate::new(&network).unwrap_err();
        assert!(matches!(refused, StartError::WrongBuild { build: "live", .. }), "{refused}");
    }

    #[test]
    fn media_comes_from_whatsapp_or_from_nowhere() {
        let gate = Gate::new(&Network::Live).unwrap();
        for url in ["https://mmg.whatsapp.net/v/x?auth=a", "https://web.whatsapp.com/sw.js"] {
            assert_eq!(gate.http(url).unwrap().as_str(), url);
        }
        for url in [
            "http://mmg.whatsapp.net/v/x",
            "https://mmg.whatsapp.net:8443/v/x",
            "https://mmg.whatsapp.net.example.com/v/x",
            "https://evilwhatsapp.net/v/x",
            "https://user@mmg.whatsapp.net/v/x",
            "https://127.0.0.1/v/x",
            "https://[::1]/v/x",
            "https://localhost/v/x",
        ] {
            let refused = gate.http(url).unwrap_err().to_string();
            assert!(refused.contains("does not connect"), "{url}: {refused}");
        }
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_refused() {
        for host in ["127.0.0.1", "10.0.0.1", "::1"] {
            let refused = outside(host, 443).await.unwrap_err().to_string();
            assert!(refused.contains("leads inside"), "{host}: {refused}");
        }
        assert!(outside("157.240.0.1", 443).await.is_ok());
    }
}
