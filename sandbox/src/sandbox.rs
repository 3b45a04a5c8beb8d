//! Starting and stopping a network.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::config::SandboxConfig;
use crate::core::{CLOCK_AHEAD, Core};
use crate::faults::Faults;
use crate::http::{serve_http, serve_tls};
use crate::listener::serve;
use crate::media::{Authority, Media};
use crate::network::SandboxNetwork;
use crate::phones::Simulated;
use crate::ports::{Network, Phones};
use crate::state::State;
use crate::stream::run;
use crate::trace::Trace;
use crate::wire::ServerIdentity;
use crate::{control as control_api, descriptors, media as media_api};

const STATIC_KEY: &str = "noise_static_key";
const CHAIN: &str = "noise_chain";
/// How long tasks may take to finish when the network stops.
const GRACE: Duration = Duration::from_secs(10);

/// A running network. Dropping it leaves its tasks running; call [`Sandbox::stop`].
pub struct Sandbox {
    core: Arc<Core>,
    network: Arc<dyn Network>,
    phones: Arc<Simulated>,
    wire: SocketAddr,
    media_http: SocketAddr,
    media_tls: SocketAddr,
    control: SocketAddr,
    ca_pem: PathBuf,
}

impl Sandbox {
    /// Opens the state under `<data_dir>/sandbox`, binds the listeners and serves.
    ///
    /// # Errors
    /// When an address is not loopback or taken, or the state cannot be opened.
    pub async fn start(config: SandboxConfig) -> Result<Self> {
        config.validate()?;
        let home = config.home();
        tokio::fs::create_dir_all(&home).await.with_context(|| format!("create {}", home.display()))?;
        let wire = bind(config.wire, "wire").await?;
        let media_http = bind(config.media_http, "media http").await?;
        let media_tls = bind(config.media_tls, "media tls").await?;
        let control = bind(config.control, "control").await?;

        let state = State::open(&home, config.queue_limit).await?;
        let clock = clock(&state).await?;
        let identity = server_identity(&state, clock.unix_secs()).await?;
        let (tls, ca_pem) = Authority::open(&home, &state).await?.server_config()?;
        let (tls_address, max_bytes) = (media_tls.local_addr()?, config.max_media_bytes);
        let media = Media::open(&home, &state, tls_address, max_bytes, clock.clone()).await?;
        let core = Core::new(config, clock.clone(), state, identity, media);
        if let Some(file) = &core.config.trace_file {
            let writing = core.trace.write_to(file, core.stop.clone());
            core.tasks.spawn(writing.with_context(|| format!("open {}", file.display()))?);
        }
        let network: Arc<dyn Network> = Arc::new(SandboxNetwork(Arc::clone(&core)));
        let phones = Simulated::open(&home, clock).await?;
        phones.attach(Arc::downgrade(&network));
        core.attach(Arc::clone(&phones) as Arc<dyn Phones>);

        let sandbox = Self {
            network,
            phones,
            wire: wire.local_addr()?,
            media_http: media_http.local_addr()?,
            media_tls: media_tls.local_addr()?,
            control: control.local_addr()?,
            ca_pem,
            core,
        };
        let core = &sandbox.core;
        core.load_restrictions().await?;
        core.load_groups().await?;
        core.wake_waiting_phones().await?;
        let share = descriptors::share();
        serve_http(core, media_http, media_api::router(Arc::clone(core)), share.http);
        serve_tls(core, media_tls, media_api::router(Arc::clone(core)), share.http, tls);
        let control_router =
            control_api::router(Arc::clone(&sandbox.phones), sandbox.network(), Arc::clone(core));
        serve_http(core, control, control_router, share.http);
        let connections = Arc::clone(core);
        let cap = core.config.max_connections.min(share.wire);
        serve(core, wire, cap, move |tcp, remote| {
            let core = Arc::clone(&connections);
            async move {
                let stop = core.stop.clone();
                tokio::select! {
                    () = run(core, tcp, remote) => {}
                    () = stop.cancelled() => {}
                }
            }
        });
        tracing::info!(wire = %sandbox.wire, media = %sandbox.media_tls, control = %sandbox.control, "sandbox network is up");
        Ok(sandbox)
    }

    /// What clients connect to.
    #[must_use]
    pub fn wire_url(&self) -> String {
        format!("ws://{}/ws/chat", self.wire)
    }

    /// Host and port of media URLs; clients reach it by `https://` with the CA of
    /// [`Sandbox::ca_pem_path`], or rewrite it to `http://` and [`Sandbox::media_http_addr`].
    #[must_use]
    pub fn media_https_host(&self) -> String {
        self.media_tls.to_string()
    }

    /// The plain HTTP listener of the same media endpoint.
    #[must_use]
    pub fn media_http_addr(&self) -> SocketAddr {
        self.media_http
    }

    /// Base URL of the control API.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// PEM file of the certificate authority that signed the media endpoint's certificate.
    #[must_use]
    pub fn ca_pem_path(&self) -> &Path {
        &self.ca_pem
    }

    /// The network as phones see it.
    #[must_use]
    pub fn network(&self) -> Arc<dyn Network> {
        Arc::clone(&self.network)
    }

    /// What the network's parts share.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The simulated phones.
    #[must_use]
    pub fn phones(&self) -> Arc<Simulated> {
        Arc::clone(&self.phones)
    }

    /// Makes time pass at once, for the network and its phones; returns the unix time it is now.
    /// The clock stays ahead over a restart.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn advance(&self, by: Duration) -> Result<u64> {
        self.core.advance(by).await?;
        Ok(self.core.clock.unix_secs())
    }

    /// What happened on the network so far.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.core.trace.clone()
    }

    /// What goes wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.core.faults.clone()
    }

    /// Number of clients that are logged in.
    #[must_use]
    pub fn online(&self) -> usize {
        self.core.live.count()
    }

    /// Closes every connection and commits everything.
    pub async fn stop(self) {
        self.phones.stop().await;
        self.core.stop.cancel();
        self.core.tasks.close();
        if tokio::time::timeout(GRACE, self.core.tasks.wait()).await.is_err() {
            tracing::warn!("some tasks of the sandbox did not finish in time");
        }
        self.core.state.close().await;
    }
}

async fn bind(address: SocketAddr, name: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("bind {name} listener to {address}"))
}

/// The clock, as far ahead as it was at the last stop.
async fn clock(state: &State) -> Result<Clock> {
    let kept = state.setting(CLOCK_AHEAD).await?;
    let seconds = kept.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
    Ok(Clock::ahead_by(Duration::from_secs(seconds)))
}

/// The Noise identity of an earlier start, or a new one.
async fn server_identity(state: &State, now: u64) -> Result<ServerIdentity> {
    if let (Some(key), Some(chain)) = (state.setting(STATIC_KEY).await?, state.setting(CHAIN).await?) {
        let key = key.try_into().map_err(|_| anyhow::anyhow!("stored static key is damaged"))?;
        return ServerIdentity::restore(key, chain);
    }
    let identity = ServerIdentity::generate(now)?;
    state.keep_setting(STATIC_KEY, identity.static_private().to_vec()).await?;
    state.keep_setting(CHAIN, identity.chain().to_vec()).await?;
    Ok(identity)
}
