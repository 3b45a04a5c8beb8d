//! The addresses a sandbox build may connect to: those of the configured simulated network, inside.

use std::net::SocketAddr;

use reqwest::Url;

use super::networks::is_inside;
use crate::config::{Network, SandboxNetwork, StartError};

/// Lets through what belongs to the simulated network.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    socket: Url,
    network: SandboxNetwork,
}

impl Gate {
    /// Checks the configured addresses.
    pub(crate) fn new(network: &Network) -> Result<Self, StartError> {
        let Network::Sandbox(network) = network else {
            return Err(StartError::WrongBuild { build: "sandbox", network: "WhatsApp" });
        };
        let refused = |address: &str, why| StartError::Refused { address: address.to_owned(), why };
        let socket: Url =
            network.ws_url.parse().map_err(|_| refused(&network.ws_url, "it is not a WebSocket URL"))?;
        if socket.scheme() != "ws" || socket.host_str().is_none() {
            return Err(refused(&network.ws_url, "the simulated network is reached by ws:// only"));
        }
        if !is_inside(network.media_http_addr.ip()) {
            return Err(refused(&network.media_http_addr.to_string(), "it is a public address"));
        }
        Ok(Self { socket, network: network.clone() })
    }

    /// The WebSocket to connect to, its host resolved and checked.
    pub(super) async fn socket(&self) -> anyhow::Result<String> {
        let host = self.socket.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.socket.port_or_known_default().unwrap_or(80);
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
        let address = addresses
            .into_iter()
            .find(|address| is_inside(address.ip()))
            .ok_or_else(|| anyhow::anyhow!("a sandbox build does not connect to {host}: it is public"))?;
        Ok(format!("ws://{address}{}", self.socket.path()))
    }

    /// The same, and what a proxy is asked for. The simulated network is inside, and names in there are ours to resolve.
    pub(super) async fn socket_by_proxy(&self, _resolves: bool) -> anyhow::Result<(String, String, u16)> {
        let url = self.socket().await?;
        let parsed: Url = url.parse()?;
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Ok((url, host, parsed.port_or_known_default().unwrap_or(80)))
    }

    /// The address to ask for a file that the network names by `url`.
    pub(super) fn http(&self, url: &str) -> anyhow::Result<Url> {
        let mut target: Url = url.parse()?;
        let host = target.host_str().unwrap_or_default();
        let named = target.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let configured = self.network.media_https_host.trim_end_matches(":443");
        anyhow::ensure!(
            target.scheme() == "https" && named == configured,
            "a sandbox build does not connect to {named}"
        );
        let address = self.network.media_http_addr;
        target.set_scheme("http").map_err(|()| anyhow::anyhow!("cannot rewrite {named}"))?;
        target.set_ip_host(address.ip()).map_err(|()| anyhow::anyhow!("cannot rewrite {named}"))?;
        target.set_port(Some(address.port())).map_err(|()| anyhow::anyhow!("cannot rewrite {named}"))?;
        Ok(target)
    }

    /// A client that follows no redirects; its targets come from [`Self::http`] only.
    pub(super) fn client() -> reqwest::ClientBuilder {
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> SandboxNetwork {
        SandboxNetwork {
            ws_url: "ws://127.0.0.1:7001/ws/chat".to_owned(),
            media_https_host: "127.0.0.1:7443".to_owned(),
            media_http_addr: "127.0.0.1:7080".parse().unwrap(),
        }
    }

    #[test]
    fn refuses_whatsapp_by_name() {
        let wrong = Gate::new(&Network::Live).unwrap_err();
        assert!(matches!(wrong, StartError::WrongBuild { build: "sandbox", .. }), "{wrong}");
    }

    #[test]
    fn refuses_addresses_that_cannot_be_a_simulated_network() {
        let tls = SandboxNetwork { ws_url: "wss://web.whatsapp.com/ws/chat".to_owned(), ..network() };
        let public = SandboxNetwork { media_http_addr: "157.240.0.1:80".parse().unwrap(), ..network() };
        let nonsense = SandboxNetwork { ws_url: "nonsense".to_owned(), ..network() };
        for config in [tls, public, nonsense] {
            let refused = Gate::new(&Network::Sandbox(config.clone())).unwrap_err();
            assert!(matches!(refused, StartError::Refused { .. }), "{config:?}: {refused}");
        }
    }

    #[tokio::test]
    async fn connects_to_the_configured_socket_and_to_no_public_one() {
        let gate = Gate::new(&Network::Sandbox(network())).unwrap();
        assert_eq!(gate.socket().await.unwrap(), "ws://127.0.0.1:7001/ws/chat");

        let public = SandboxNetwork { ws_url: "ws://157.240.0.1/ws/chat".to_owned(), ..network() };
        let gate = Gate::new(&Network::Sandbox(public)).unwrap();
        let refused = gate.socket().await.unwrap_err().to_string();
        assert!(refused.contains("does not connect"), "{refused}");
    }

    #[test]
    fn media_goes_to_the_configured_address_or_nowhere() {
        let gate = Gate::new(&Network::Sandbox(network())).unwrap();
        let rewritten = gate.http("https://127.0.0.1:7443/mms/image/x?auth=a").unwrap();
        assert_eq!(rewritten.as_str(), "http://127.0.0.1:7080/mms/image/x?auth=a");
        for url in [
            "https://mmg.whatsapp.net/v/x",
            "https://127.0.0.1:7444/v/x",
            "http://127.0.0.1:7443/v/x",
            "http://127.0.0.1:7080/v/x",
            "https://web.whatsapp.com/sw.js",
        ] {
            let refused = gate.http(url).unwrap_err().to_string();
            assert!(refused.contains("does not connect"), "{url}: {refused}");
        }
    }
}
