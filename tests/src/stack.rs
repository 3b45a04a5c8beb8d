//! The whole of wagate in this process: what `wagate up` starts, with throw-away data and free ports.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use wagate_cli::up::{Options, Up};
use wagate_infra::{
    config::{LimitsConfig, LogConfig, MailConfig, PeopleConfig, ServerConfig, WebhooksConfig},
    telemetry,
    testing::Postgres,
};

use crate::{Api, Phone};

/// Which database a stack uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Db {
    /// The embedded default.
    Sqlite,
    /// A real server, started for the tests when none is given.
    Postgres,
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    data: TempDir,
    /// Keeps the server of a PostgreSQL stack alive.
    postgres: Option<Postgres>,
    options: Options,
    up: Option<Up>,
}

impl Stack {
    /// Starts everything on SQLite.
    pub async fn sqlite() -> Self {
        Self::start(Db::Sqlite).await
    }

    /// Starts everything. Media by URL may come from loopback, where the tests' file server is.
    pub async fn start(db: Db) -> Self {
        Self::with(db, |_| {}).await
    }

    /// Starts everything on SQLite with the guard against private addresses up, as a default installation has it.
    pub async fn guarded() -> Self {
        Self::with(Db::Sqlite, |options| options.allow_private = false).await
    }

    /// Starts everything on SQLite with these limits; the other stacks have none.
    pub async fn limited(limits: LimitsConfig) -> Self {
        Self::with(Db::Sqlite, |options| options.limits = limits).await
    }

    /// Starts everything on SQLite and tells webhooks in this way.
    pub async fn telling(webhooks: WebhooksConfig) -> Self {
        Self::with(Db::Sqlite, |options| options.webhooks = webhooks).await
    }

    /// Starts everything and sends mail in this way.
    pub async fn mailing(db: Db, mail: MailConfig) -> Self {
        Self::with(db, |options| options.mail = mail).await
    }

    /// Starts everything and lets people in like this.
    pub async fn welcoming(db: Db, people: PeopleConfig) -> Self {
        Self::with(db, |options| options.people = people).await
    }

    /// Starts everything on SQLite and serves the API in this way, on a free port.
    pub async fn serving(server: ServerConfig) -> Self {
        Self::with(Db::Sqlite, |options| options.server = server).await
    }

    async fn with(db: Db, change: impl FnOnce(&mut Options)) -> Self {
        // shown by the test runner when the test fails; a second stack of a process finds it set up
        let log = LogConfig {
            filter: "info,whatsapp_rust=warn,wa.conn=warn,Client=warn,wagate_connector=debug".to_owned(),
            ..LogConfig::default()
        };
        telemetry::init_log(&log).ok();
        let data = TempDir::with_prefix("wagate-").expect("a temporary folder");
        let postgres = match db {
            Db::Sqlite => None,
            Db::Postgres => Some(Postgres::start().await),
        };
        let database_url = match &postgres {
            Some(server) => Some(server.database().await),
            None => None,
        };
        let mut options = Options {
            data_dir: data.path().to_path_buf(),
            database_url,
            free_ports: true,
            allow_private: true,
            operations: Some(([127, 0, 0, 1], 0).into()),
            reconcile_every: Duration::from_secs(2),
            webhooks: impatient(),
            limits: LimitsConfig::none(),
            mail: MailConfig::default(),
            people: PeopleConfig::default(),
            server: ServerConfig::default(),
        };
        change(&mut options);
        let mut stack = Self { data, postgres, options, up: None };
        stack.up = Some(stack.boot().await);
        stack
    }

    async fn boot(&self) -> Up {
        self.try_boot().await.unwrap_or_else(|error| panic!("wagate up: {error:#}"))
    }

    /// Starts everything on the same data beside this stack, which must have been stopped.
    ///
    /// # Errors
    /// As `wagate up` gives them.
    pub async fn try_boot(&self) -> anyhow::Result<Up> {
        // boxed: the compiler follows nested futures only so deep
        Box::pin(Up::start(self.options.clone(), &|_| {})).await
    }

    /// Stops everything cleanly and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.up = Some(self.boot().await);
    }

    /// Stops everything cleanly.
    ///
    /// # Panics
    /// When something does not stop.
    pub async fn stop(&mut self) {
        if let Some(up) = self.up.take() {
            up.stop().await.unwrap_or_else(|error| panic!("stopping: {error:#}"));
        }
    }

    /// What is running.
    ///
    /// # Panics
    /// After [`Stack::stop`].
    #[must_use]
    pub fn up(&self) -> &Up {
        self.up.as_ref().expect("running")
    }

    /// The API with the first key.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(self.up().api_url(), self.up().first_key())
    }

    /// What tells those who run it how it is.
    ///
    /// # Panics
    /// Never: a stack serves it.
    #[must_use]
    pub fn operations(&self) -> Api {
        Api::new(self.up().operations_url().expect("it is served"), "")
    }

    /// The API with a key of another workspace.
    ///
    /// # Panics
    /// When the workspace cannot be made.
    pub async fn stranger(&self) -> Api {
        let key = self.up().create_workspace("other").await.expect("another workspace");
        self.api().with_key(key)
    }

    /// A simulated phone.
    pub async fn phone(&self, number: &str, push_name: &str) -> Phone {
        Phone::new(&self.up().sandbox().control_url(), number, push_name).await
    }

    /// A session linked to the phone by QR code, connected; its id.
    ///
    /// # Panics
    /// When the session does not connect.
    pub async fn linked(&self, phone: &Phone) -> String {
        let api = self.api();
        let session = api.create_session().await;
        phone.scan(&api.qr(&session).await).await;
        let connected: Value = api.session_in(&session, "connected").await;
        assert_eq!(connected["phone"], format!("+{}", phone.number), "{connected}");
        session
    }

    /// Stops the embedded Redis in its tracks until the guard is dropped: what a hung Redis is like.
    ///
    /// # Panics
    /// When it cannot be signalled.
    #[must_use]
    pub fn pause_redis(&self) -> PausedRedis {
        let file = self.data.path().join("redis/redis.pid");
        let pid = std::fs::read_to_string(file).expect("a pid file").trim().to_owned();
        signal(&pid, "STOP");
        PausedRedis { pid }
    }

    /// Makes the embedded Redis forget everything.
    ///
    /// # Panics
    /// When it does not.
    pub fn wipe_redis(&self) {
        let url = self.up().redis_url().expect("it is embedded");
        let mut redis = UnixStream::connect(url.trim_start_matches("redis+unix://")).expect("Redis");
        redis.write_all(b"FLUSHALL\r\n").expect("a command");
        let mut answer = [0; 5];
        redis.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"+OK\r\n");
    }

    /// Where everything is kept.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The record.
    #[must_use]
    pub fn database_url(&self) -> String {
        let embedded = || format!("sqlite://{}", self.data.path().join("wagate.db").display());
        self.options.database_url.clone().unwrap_or_else(embedded)
    }

    /// Folders of everything that is kept: this stack's own, and that of its PostgreSQL server.
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        let server = self.postgres.as_ref().and_then(Postgres::folder);
        server.into_iter().chain([self.data.path()]).map(Path::to_owned).collect()
    }

    /// A folder of this stack for a test's own files.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.data.path().join("scratch")
    }
}

/// Webhooks that are tried again soon, for tests that wait for it.
#[must_use]
pub fn impatient() -> WebhooksConfig {
    WebhooksConfig {
        timeout: Duration::from_secs(2),
        first_retry: Duration::from_millis(50),
        longest_retry: Duration::from_millis(400),
        ..WebhooksConfig::default()
    }
}

/// A hung Redis; goes on when dropped.
#[derive(Debug)]
pub struct PausedRedis {
    pid: String,
}

impl Drop for PausedRedis {
    fn drop(&mut self) {
        signal(&self.pid, "CONT");
    }
}

fn signal(pid: &str, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid).status().expect("kill");
    assert!(status.success(), "kill -{name} {pid}: {status}");
}
