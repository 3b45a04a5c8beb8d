//! The network, as the process that [`wagate_benches::server::Server`] starts.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use serde_json::json;
use wagate_sandbox::{Sandbox, SandboxConfig};

/// Runs the network until standard input ends; says on standard output where it is.
pub(crate) async fn serve(folder: &Path) -> Result<()> {
    // A trace of every stanza is for people who look at a few.
    let config = SandboxConfig { trace_events: 0, ..SandboxConfig::new(folder) };
    let sandbox = Sandbox::start(config).await?;
    let places = json!({
        "wire": sandbox.wire_url(),
        "control": sandbox.control_url(),
        "media_http": sandbox.media_http_addr().to_string(),
        "media_https": sandbox.media_https_host(),
    });
    writeln!(std::io::stdout(), "{places}")?;
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    sandbox.stop().await;
    Ok(())
}
