//! What a sandbox is started with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};

/// Settings of one simulated network. Every address must be loopback; port 0 takes a free port.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Data directory of the whole installation; the sandbox keeps to its `sandbox/` folder.
    pub data_dir: PathBuf,
    /// WebSocket listener of the WhatsApp wire protocol.
    pub wire: SocketAddr,
    /// Media endpoint in plain HTTP, for clients that rewrite the media host.
    pub media_http: SocketAddr,
    /// Media endpoint in TLS with the sandbox's own CA; the `media_conn` answer names this one.
    pub media_tls: SocketAddr,
    /// Control API: scan a QR code, type a code, make a phone write.
    pub control: SocketAddr,
    /// Whether a number nobody has seen yet gets a phone when it is messaged or looked up.
    pub on_demand: bool,
    /// Phones above which numbers get none on demand; whoever asks for one by the control API, or
    /// links a companion to it, still gets it.
    pub max_phones: usize,
    /// Time a connection has from TCP accept to the end of its Noise handshake.
    pub handshake_timeout: Duration,
    /// Time an HTTP client has for the head of a request, and for each piece of its body.
    pub http_timeout: Duration,
    /// Connections held at a time on the wire listener, fewer when the process may not open that
    /// many files; further ones are closed at once.
    pub max_connections: usize,
    /// Stanzas kept per device that is offline; the oldest go first.
    pub queue_limit: u32,
    /// Largest media object accepted, in bytes.
    pub max_media_bytes: u64,
    /// How many simulated phones work on their queues at the same time.
    pub phone_concurrency: usize,
    /// How long the first reference of a QR rotation may be scanned.
    pub qr_first: Duration,
    /// How much longer each next one may be scanned: clients show them one after the other.
    pub qr_next: Duration,
    /// How long a pairing code may be typed.
    pub code_lifetime: Duration,
    /// Events that the trace keeps, about 600 bytes each; 0 switches it off, as a load test wants it.
    pub trace_events: usize,
    /// File to which the trace is appended, too, one JSON object per line.
    pub trace_file: Option<PathBuf>,
    /// Clients fetch their queues in batches, after a preview; otherwise a queue is sent at once.
    pub offline_preview: bool,
    /// Clients are told that their chats are keyed by LID: they address people by LID then.
    pub lid_migrated: bool,
}

impl SandboxConfig {
    /// Defaults for `data_dir`: free loopback ports, numbers on demand.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let free = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Self {
            data_dir: data_dir.into(),
            wire: free,
            media_http: free,
            media_tls: free,
            control: free,
            on_demand: true,
            max_phones: 1_000_000,
            handshake_timeout: Duration::from_secs(10),
            http_timeout: Duration::from_secs(30),
            max_connections: 20_000,
            queue_limit: 10_000,
            max_media_bytes: 2 << 30,
            phone_concurrency: 8,
            qr_first: Duration::from_secs(60),
            qr_next: Duration::from_secs(20),
            code_lifetime: Duration::from_secs(180),
            trace_events: 50_000,
            trace_file: None,
            offline_preview: false,
            lid_migrated: false,
        }
    }

    /// Refuses any address that is not loopback: the sandbox trusts whoever reaches it.
    pub(crate) fn validate(&self) -> Result<()> {
        let addresses = [
            ("wire", self.wire),
            ("media_http", self.media_http),
            ("media_tls", self.media_tls),
            ("control", self.control),
        ];
        for (name, address) in addresses {
            ensure!(address.ip().is_loopback(), "sandbox {name} address {address} is not loopback");
        }
        ensure!(self.max_connections > 0, "max_connections must not be 0");
        ensure!(self.phone_concurrency > 0, "phone_concurrency must not be 0");
        Ok(())
    }

    /// The sandbox's own folder.
    pub(crate) fn home(&self) -> PathBuf {
        home(&self.data_dir)
    }
}

/// Folder of the sandbox under an installation's data directory.
fn home(data_dir: &Path) -> PathBuf {
    data_dir.join("sandbox")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_accepted() {
        SandboxConfig::new("x").validate().expect("default is loopback");
    }

    #[test]
    fn a_public_address_is_refused_by_name() {
        let mut config = SandboxConfig::new("x");
        config.media_tls = "0.0.0.0:0".parse().expect("address");
        let error = config.validate().expect_err("must refuse");
        assert!(error.to_string().contains("media_tls"), "{error}");
    }
}
