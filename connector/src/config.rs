//! What a connector is started with.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use wagate_infra::{config::OutboundConfig, http::Guard};

/// Settings of one connector process.
#[derive(Debug, Clone)]
pub struct ConnectorConfig {
    /// Which network it talks to; must fit the build (features `sandbox` and `live`).
    pub network: Network,
    /// Name of the linked device as phones list it.
    pub device_name: String,
    /// How long the others wait after the last sign of life before they take this connector's sessions.
    pub lease_ttl: Duration,
    /// How often the list of wanted sessions is looked at, besides on announcements.
    pub poll_interval: Duration,
    /// How long a sent message waits for WhatsApp's ack before it is sent again under the same id.
    pub ack_timeout: Duration,
    /// How long a shutdown waits for the send under way.
    pub drain_timeout: Duration,
    /// Most sessions held at a time.
    pub max_sessions: usize,
    /// Messages encrypted and written at the same time, over all sessions; workspaces share them evenly.
    pub sends_at_once: usize,
    /// Sessions opened a second, so that a restart with thousands does not look like an attack.
    pub connects_per_second: u32,
    /// Media objects fetched at the same time, over all sessions.
    pub media_downloads: usize,
    /// Which addresses sessions' proxies may have.
    pub proxies: Guard,
    /// Where files are kept while they are encrypted or fetched; they have no name and vanish when closed.
    pub temp_dir: PathBuf,
}

impl ConnectorConfig {
    /// Defaults for a network.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self {
            network,
            device_name: "wagate".to_owned(),
            lease_ttl: Duration::from_secs(15),
            poll_interval: Duration::from_secs(2),
            ack_timeout: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(15),
            max_sessions: 5_000,
            sends_at_once: 64,
            connects_per_second: 50,
            media_downloads: 4,
            proxies: Guard::new(&OutboundConfig::default()),
            temp_dir: PathBuf::from("/tmp"),
        }
    }
}

/// The network a connector talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// The simulated network; only in a build with the feature `sandbox`.
    Sandbox(SandboxNetwork),
    /// WhatsApp; only in a build with the feature `live`.
    Live,
}

/// Where the simulated network listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxNetwork {
    /// WebSocket of the wire protocol, `ws://…`.
    pub ws_url: String,
    /// `host[:port]` that the network names as its media host.
    pub media_https_host: String,
    /// Where that host's files are served in plain HTTP.
    pub media_http_addr: SocketAddr,
}

/// The settings do not fit the build or each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A sandbox build was told to talk to WhatsApp, or the other way round.
    #[error(
        "this is a {build} build and cannot talk to {network}: install the other build or change the network"
    )]
    WrongBuild {
        /// What the build is for.
        build: &'static str,
        /// What it was told to talk to.
        network: &'static str,
    },
    /// An address that must not be connected to.
    #[error("refusing {address}: {why}")]
    Refused {
        /// The address as configured.
        address: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// No HTTP client could be made.
    #[error("cannot set up the media client: {0}")]
    Http(String),
}
