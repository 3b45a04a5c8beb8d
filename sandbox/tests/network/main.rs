//! The network as real WhatsApp clients see it: whatsapp-rust 0.7 against a sandbox on loopback.

// The client's futures are nested deeply.
#![recursion_limit = "256"]

mod app_state;
mod baileys;
mod calls;
mod channels;
mod channels_raw;
mod client;
mod communities;
mod contacts;
mod control;
mod delivery;
mod faults_handshake;
mod faults_media;
mod faults_phones;
mod faults_requests;
mod faults_stanzas;
mod faults_stream;
mod groups;
mod groups_raw;
mod history;
mod hostile;
mod identity;
mod invariants;
mod lab;
mod linking;
mod login;
mod media;
mod media_retry;
mod messages;
mod mex;
mod offline;
mod pairing;
mod passkey;
mod phone_calls;
mod phone_channels;
mod phone_status;
mod phones_groups;
mod presence;
mod privacy;
mod profile;
mod protocol;
mod raw;
mod restart;
mod restrictions;
mod scripts;
mod status;
mod time;
mod weather;

use tempfile::TempDir;
use wagate_sandbox::{Sandbox, SandboxConfig};

/// A sandbox on its own folder.
struct Lan {
    sandbox: Sandbox,
    folder: TempDir,
}

impl Lan {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A sandbox with other settings than the default ones.
    async fn with(change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let mut config = SandboxConfig::new(folder.path());
        change(&mut config);
        Self { sandbox: Sandbox::start(config).await.expect("sandbox"), folder }
    }

    /// Stops the sandbox and starts it again on the same folder and the same wire port.
    async fn restart(self) -> Self {
        let wire = self.sandbox.wire_url();
        let port = wire.trim_start_matches("ws://").trim_end_matches("/ws/chat").parse().expect("address");
        self.sandbox.stop().await;
        let mut config = SandboxConfig::new(self.folder.path());
        config.wire = port;
        Self { sandbox: Sandbox::start(config).await.expect("sandbox"), folder: self.folder }
    }
}

/// Waits until a condition on the sandbox holds.
async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut check: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + client::PATIENCE;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
