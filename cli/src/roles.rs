//! One role per process, against machines that the configuration names.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
#[cfg(feature = "sandbox")]
use wagate_connector::SandboxNetwork;
use wagate_connector::{Connector, ConnectorConfig, ConnectorHandle, Network};
use wagate_domain::{backoff::Backoff, mail::MailPolicy, webhooks::Policy};
use wagate_infra::{
    config::Config,
    http::Guard,
    telemetry::{self, Metrics},
};
use wagate_worker::{MailSettings, WebhookSettings, Worker, WorkerConfig};

use crate::{
    machines::{Machines, metrics},
    operations::OperationsServer,
    serving::serve_http,
};

/// Serves the API until the process is told to stop.
pub(crate) async fn api(config: Config) -> anyhow::Result<()> {
    let Process { machines, metrics, operations, stop } = begin(&config).await?;
    let listener = listen(&config).await?;
    let state = machines.api(&config, &metrics)?;
    tracing::info!(address = %listener.local_addr()?, "the API listens");
    operations.started(&machines, &stop, None);
    serve(listener, state, config.server.header_timeout, stop).await?;
    machines.close().await
}

/// Runs the worker until the process is told to stop.
pub(crate) async fn worker(config: Config) -> anyhow::Result<()> {
    let Process { machines, operations, stop, .. } = begin(&config).await?;
    let worker = start_worker(&config, &machines).await?;
    operations.started(&machines, &stop, None);
    stop.cancelled().await;
    worker.stop().await;
    machines.close().await
}

/// Runs the connector until the process is told to stop, then hands its sessions over.
pub(crate) async fn connector(config: Config) -> anyhow::Result<()> {
    let Process { machines, operations, stop, .. } = begin(&config).await?;
    let connector = start_connector(&config, &machines)?;
    operations.started(&machines, &stop, Some(&connector));
    stop.cancelled().await;
    connector.shutdown().await;
    machines.close().await
}

/// What every role begins with.
struct Process {
    machines: Machines,
    metrics: Metrics,
    operations: OperationsServer,
    /// Cancelled at Ctrl-C or SIGTERM.
    stop: CancellationToken,
}

async fn begin(config: &Config) -> anyhow::Result<Process> {
    telemetry::init_log(&config.log)?;
    let metrics = metrics()?;
    let operations = OperationsServer::start(config, &metrics).await?;
    let machines = Machines::connect(config, &config.ring()?, &|line| tracing::warn!("{line}")).await?;
    Ok(Process { machines, metrics, operations, stop: on_signal() })
}

/// Binds the API's address.
pub(crate) async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.server.listen;
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: choose another with WAGATE_SERVER__LISTEN"))
}

/// Serves the API until `stop`, then lets running requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    state: wagate_api::ApiParts,
    patience: Duration,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let feed = Arc::clone(&state.feed);
    let stopping = stop.clone();
    // a live stream ends only when it is told to, and a server waits for its streams
    let stopped = async move {
        stopping.cancelled_owned().await;
        feed.close();
    };
    let closing = tokio::spawn(stopped);
    serve_http(listener, wagate_api::router(state), patience, stop).await;
    closing.await?;
    Ok(())
}

/// Starts the worker on connected machines.
pub(crate) async fn start_worker(config: &Config, machines: &Machines) -> anyhow::Result<Worker> {
    let url = config.redis.url.as_ref().context("no Redis: set REDIS_URL")?;
    let settings = WorkerConfig {
        process: format!("wrk_{}", machines.env.ulid()),
        redis_url: url.expose().clone(),
        prefix: config.redis.prefix.clone(),
        sweep_every: config.worker.sweep_every,
        reconcile_every: config.worker.reconcile_every,
        webhooks: webhook_settings(config),
        retention_every: config.worker.retention_every,
        workspaces_every: config.worker.workspaces_every,
        audit_kept: config.worker.audit_kept,
        exports_kept: config.workspaces.exports_kept,
        mail: mail_settings(config),
    };
    let ports = machines.worker(config);
    Ok(Worker::start(machines.env.clone(), settings, ports).await?)
}

fn webhook_settings(config: &Config) -> WebhookSettings {
    let webhooks = &config.webhooks;
    WebhookSettings {
        policy: Policy {
            first_pause: webhooks.first_retry,
            longest_pause: webhooks.longest_retry,
            give_up_after: webhooks.give_up_after,
            disable_after: webhooks.disable_after,
            ..Policy::default()
        },
        patience: webhooks.timeout,
        at_once: webhooks.at_once as usize,
        ..WebhookSettings::default()
    }
}

fn mail_settings(config: &Config) -> MailSettings {
    let mail = &config.mail;
    let pauses = Backoff { first: mail.first_retry, longest: mail.longest_retry };
    let policy = MailPolicy { pauses, give_up_after: mail.give_up_after };
    MailSettings { policy, patience: mail.timeout }
}

/// Starts the connector on connected machines.
pub(crate) fn start_connector(config: &Config, machines: &Machines) -> anyhow::Result<ConnectorHandle> {
    let (ports, backends) = machines.connector();
    let spool = config.data_dir.join("spool");
    std::fs::create_dir_all(&spool).with_context(|| format!("cannot make {}", spool.display()))?;
    let settings = ConnectorConfig {
        lease_ttl: config.connector.lease_ttl,
        poll_interval: config.connector.claim_every,
        drain_timeout: config.connector.drain_timeout,
        ack_timeout: config.connector.ack_timeout,
        max_sessions: config.connector.max_sessions as usize,
        sends_at_once: config.connector.sends_at_once as usize,
        connects_per_second: config.connector.connects_per_second,
        proxies: Guard::new(&config.outbound),
        temp_dir: spool,
        ..ConnectorConfig::new(network(config)?)
    };
    Ok(Connector::start(machines.env.clone(), settings, ports, Arc::new(backends))?)
}

/// The network of this build: the simulated one at the addresses the configuration names.
#[cfg(feature = "sandbox")]
fn network(config: &Config) -> anyhow::Result<Network> {
    let network = &config.network;
    let missing = "this is a sandbox build: name the simulated network with WAGATE_NETWORK__WS_URL, \
                   WAGATE_NETWORK__MEDIA_HTTPS_HOST and WAGATE_NETWORK__MEDIA_HTTP_ADDR, or run wagate up";
    Ok(Network::Sandbox(SandboxNetwork {
        ws_url: network.ws_url.clone().context(missing)?,
        media_https_host: network.media_https_host.clone().context(missing)?,
        media_http_addr: network.media_http_addr.context(missing)?,
    }))
}

/// The network of this build: WhatsApp, and no other.
#[cfg(feature = "live")]
fn network(config: &Config) -> anyhow::Result<Network> {
    anyhow::ensure!(
        config.network.ws_url.is_none(),
        "this is a live build: it talks to WhatsApp only; remove network.ws_url or install a sandbox build"
    );
    Ok(Network::Live)
}

/// Cancelled at Ctrl-C or SIGTERM.
pub(crate) fn on_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        cancel.cancel();
    });
    token
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            // without the handler SIGTERM ends us at once, which loses nothing either
            tokio::signal::ctrl_c().await.ok();
        }
    }
}
