//! `wagate up`: everything in one process, with embedded machines where the configuration names none.

use std::{
    fmt,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    auth::{Permission, Permissions},
    ports::Workspaces,
};
use wagate_infra::{
    config::{Config, LimitsConfig, MailConfig, PeopleConfig, Secret, ServerConfig, WebhooksConfig},
    redis::RedisChild,
    s3::EmbeddedS3,
    telemetry,
};
#[cfg(feature = "sandbox")]
use wagate_sandbox::{Sandbox, SandboxConfig};

#[cfg(feature = "sandbox")]
use crate::args::SandboxArgs;
use crate::{
    args::UpArgs,
    banner::Banner,
    machines::{Machines, metrics},
    operations::OperationsServer,
    roles::{listen, on_signal, serve, start_connector, start_worker},
    running,
};

/// Where the embedded S3 listens; the sandbox's ports follow the API's in the same way.
const S3_PORT: u16 = 8081;
/// Control API, wire, media over HTTP, media over TLS.
#[cfg(feature = "sandbox")]
const SANDBOX_PORTS: [u16; 4] = [8090, 8091, 8092, 8093];

/// What a program that embeds `wagate up` (a test, a demo) can choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// `postgres://…` or `sqlite://…`; an SQLite file in the data directory when absent.
    pub database_url: Option<String>,
    /// Take free ports instead of the usual ones.
    pub free_ports: bool,
    /// Let media URLs lead to private addresses.
    pub allow_private: bool,
    /// Serve how the process is on this address.
    pub operations: Option<SocketAddr>,
    /// How often queue and record are compared.
    pub reconcile_every: Duration,
    /// How webhooks are told.
    pub webhooks: WebhooksConfig,
    /// What workspaces without a plan of their own may use.
    pub limits: LimitsConfig,
    /// How mail is sent.
    pub mail: MailConfig,
    /// Who gets an account, and how they come in.
    pub people: PeopleConfig,
    /// Where and how patiently the API listens.
    pub server: ServerConfig,
}

/// Everything, running.
#[derive(Debug)]
pub struct Up {
    data_dir: PathBuf,
    api_url: String,
    /// URL of the API on this machine.
    listening: String,
    first_key: String,
    machines: Machines,
    operations: OperationsServer,
    stop: CancellationToken,
    api: JoinHandle<anyhow::Result<()>>,
    worker: wagate_worker::Worker,
    connector: wagate_connector::ConnectorHandle,
    embedded: Embedded,
}

/// The machines that are ours: started before the roles, stopped after them.
#[derive(Default)]
struct Embedded {
    redis: Option<RedisChild>,
    s3: Option<EmbeddedS3>,
    #[cfg(feature = "sandbox")]
    sandbox: Option<Sandbox>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("redis", &self.redis).field("s3", &self.s3).finish_non_exhaustive()
    }
}

/// Runs `wagate up` until Ctrl-C.
pub(crate) async fn run(config: Config, args: &UpArgs) -> anyhow::Result<()> {
    telemetry::init_log(&config.log)?;
    let signal = on_signal();
    let data = config.data_dir.display().to_string();
    let keeps_mail = config.keeps_mail();
    let up = tokio::select! {
        up = Up::boot(config, args.free_ports, &say) => up?,
        () = signal.cancelled() => return Ok(()),
    };
    #[cfg(feature = "sandbox")]
    let control = up.embedded.sandbox.as_ref().map(Sandbox::control_url);
    #[cfg(not(feature = "sandbox"))]
    let control: Option<String> = None;
    let mailbox = keeps_mail.then(|| format!("{}/mailbox", up.listening));
    let banner = Banner {
        api: &up.api_url,
        key: &up.first_key,
        mailbox: mailbox.as_deref(),
        control: control.as_deref(),
        data: &data,
    };
    say(&banner.text());
    signal.cancelled().await;
    say("stopping …");
    up.stop().await
}

/// Runs the simulated network alone until Ctrl-C.
#[cfg(feature = "sandbox")]
pub(crate) async fn sandbox_alone(config: Config, args: &SandboxArgs) -> anyhow::Result<()> {
    telemetry::init_log(&config.log)?;
    let signal = on_signal();
    let sandbox = start_sandbox(&config.data_dir, args.free_ports).await?;
    say(&format!(
        "WAGATE_NETWORK__WS_URL={}\nWAGATE_NETWORK__MEDIA_HTTPS_HOST={}\nWAGATE_NETWORK__MEDIA_HTTP_ADDR={}\n\n\
         control API   {}\nCA of media   {}\n",
        sandbox.wire_url(),
        sandbox.media_https_host(),
        sandbox.media_http_addr(),
        sandbox.control_url(),
        sandbox.ca_pem_path().display(),
    ));
    signal.cancelled().await;
    sandbox.stop().await;
    Ok(())
}

#[cfg(feature = "sandbox")]
async fn start_sandbox(data: &Path, free_ports: bool) -> anyhow::Result<Sandbox> {
    let [control, wire, media_http, media_tls] = SANDBOX_PORTS.map(|usual| loopback(usual, free_ports));
    Sandbox::start(SandboxConfig { control, wire, media_http, media_tls, ..SandboxConfig::new(data) }).await
}

fn loopback(usual: u16, free_ports: bool) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], if free_ports { 0 } else { usual }))
}

#[expect(clippy::print_stdout, reason = "progress for the person who started it")]
fn say(line: &str) {
    println!("{line}");
}

impl Up {
    /// Starts everything; `say` is told of each step.
    ///
    /// # Errors
    /// The first part that does not start, with what to do about it. What had started is stopped.
    pub async fn start(options: Options, say: &(dyn Fn(&str) + Sync)) -> anyhow::Result<Self> {
        let mut config = Config { data_dir: options.data_dir, ..Config::default() };
        config.database.url = options.database_url.map(Secret::new);
        config.outbound.allow_private = options.allow_private;
        config.operations.listen = options.operations;
        config.worker.reconcile_every = options.reconcile_every;
        config.webhooks = options.webhooks;
        config.limits = options.limits;
        config.mail = options.mail;
        config.people = options.people;
        config.server = options.server;
        Self::boot(config, options.free_ports, say).await
    }

    async fn boot(mut config: Config, free_ports: bool, say: &(dyn Fn(&str) + Sync)) -> anyhow::Result<Self> {
        let metrics = metrics()?;
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))?;
        if free_ports {
            config.server.listen.set_port(0);
        }
        let operations = OperationsServer::start(&config, &metrics).await?;
        let embedded = Embedded::start(&mut config, free_ports, say).await?;
        say("database and queue …");
        let machines = Machines::connect(&config, &config.ring_or_new()?, say).await?;
        let first_key = first_key(&config.data_dir, &machines).await?;
        let listener = listen(&config).await?;
        // links lead to the port that was taken
        let listening = format!("http://{}", listener.local_addr()?);
        config.server.public_url.get_or_insert_with(|| listening.clone());
        running::note(&config)?;
        let api_url = config.server.public_url();
        say("worker, connector, API …");
        let worker = start_worker(&config, &machines).await?;
        let connector = start_connector(&config, &machines)?;
        let stop = CancellationToken::new();
        operations.started(&machines, &stop, Some(&connector));
        let state = machines.api(&config, &metrics)?;
        let api = tokio::spawn(serve(listener, state, config.server.header_timeout, stop.clone()));
        Ok(Self {
            data_dir: config.data_dir,
            api_url,
            listening,
            first_key,
            machines,
            operations,
            stop,
            api,
            worker,
            connector,
            embedded,
        })
    }

    /// Stops everything in order: no new requests, no new sends, then the machines.
    ///
    /// # Errors
    /// The first part that did not stop cleanly.
    pub async fn stop(self) -> anyhow::Result<()> {
        running::forget(&self.data_dir);
        self.stop.cancel();
        self.api.await??;
        self.connector.shutdown().await;
        self.worker.stop().await;
        self.machines.close().await?;
        self.embedded.stop().await
    }

    /// Base URL of the API.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// URL of the API on this machine.
    #[must_use]
    pub fn listening(&self) -> &str {
        &self.listening
    }

    /// Where it tells how it is, when it was asked to.
    #[must_use]
    pub fn operations_url(&self) -> Option<String> {
        self.operations.address().map(|address| format!("http://{address}"))
    }

    /// The embedded Redis.
    #[must_use]
    pub fn redis_url(&self) -> Option<&str> {
        self.embedded.redis.as_ref().map(|redis| redis.url().expose().as_str())
    }

    /// The first API key.
    #[must_use]
    pub fn first_key(&self) -> &str {
        &self.first_key
    }

    /// The simulated network.
    ///
    /// # Panics
    /// When the configuration named another network.
    #[cfg(feature = "sandbox")]
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        self.embedded.sandbox.as_ref().expect("the sandbox runs unless a network is configured")
    }

    /// Tenants on record.
    #[must_use]
    pub fn workspaces(&self) -> &dyn Workspaces {
        &self.machines.sql
    }

    /// Makes another workspace; its API key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_workspace(&self, name: &str) -> anyhow::Result<String> {
        Ok(self.machines.create_workspace(name, Permissions::WORKSPACE).await?.1.expose().to_owned())
    }
}

impl Embedded {
    /// Starts what the configuration leaves to us and writes the addresses into it.
    async fn start(
        config: &mut Config,
        free_ports: bool,
        say: &(dyn Fn(&str) + Sync),
    ) -> anyhow::Result<Self> {
        let data = std::path::absolute(&config.data_dir)?;
        let mut embedded = Self::default();
        if config.redis.url.is_none() {
            say("redis-server …");
            let child = RedisChild::start(&data).await?;
            config.redis.url = Some(child.url().clone());
            embedded.redis = Some(child);
        }
        if config.database.url.is_none() {
            config.database.url = Some(embedded_sqlite(&data));
        }
        if config.s3.endpoint.is_none() {
            say("object storage …");
            let (access, secret) = (&config.s3.access_key, &config.s3.secret_key);
            let s3 =
                EmbeddedS3::start(&data.join("s3"), loopback(S3_PORT, free_ports), access, secret).await?;
            config.s3.endpoint = Some(s3.endpoint());
            embedded.s3 = Some(s3);
        }
        #[cfg(feature = "sandbox")]
        if config.network.ws_url.is_none() {
            say("simulated WhatsApp network …");
            let sandbox = start_sandbox(&data, free_ports).await?;
            config.network.ws_url = Some(sandbox.wire_url());
            config.network.media_https_host = Some(sandbox.media_https_host());
            config.network.media_http_addr = Some(sandbox.media_http_addr());
            embedded.sandbox = Some(sandbox);
        }
        Ok(embedded)
    }

    async fn stop(self) -> anyhow::Result<()> {
        #[cfg(feature = "sandbox")]
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        if let Some(s3) = self.s3 {
            s3.stop().await;
        }
        if let Some(redis) = self.redis {
            redis.stop().await;
        }
        Ok(())
    }
}

/// The database of a data directory.
pub(crate) fn embedded_sqlite(data: &Path) -> Secret<String> {
    Secret::new(format!("sqlite://{}", data.join("wagate.db").display()))
}

/// The key of the first workspace: made once, kept beside the data so that every start can show it.
async fn first_key(data: &Path, machines: &Machines) -> anyhow::Result<String> {
    let file = data.join("first-api-key");
    match std::fs::read_to_string(&file) {
        Ok(key) => return Ok(key.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
    // whoever starts the whole gateway runs it
    let everything = Permissions::WORKSPACE.and(Permissions::of(&[Permission::Operate]));
    let (_, secret) = machines.create_workspace("default", everything).await?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    std::io::Write::write_all(&mut options.open(&file)?, secret.expose().as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(secret.expose().to_owned())
}
