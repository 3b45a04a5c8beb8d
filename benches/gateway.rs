//! The gateway's roles as processes of their own, as they run in production.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use wagate_infra::config::S3Config;
use wagate_infra::s3::EmbeddedS3;

use crate::control;
use crate::program::{Program, free_port, pinned};
use crate::redis::Redis;
use crate::server::Server;

/// What its secrets are sealed with.
pub const RING_KEY: &str = "bench:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A release build of `wagate`, its machines, and the address of its API.
#[derive(Debug)]
pub struct Gateway {
    program: PathBuf,
    environment: Vec<(String, String)>,
    folder: TempDir,
    port: u16,
    key: String,
    http: Client,
    // object storage that no text message touches
    _s3: EmbeddedS3,
}

impl Gateway {
    /// Prepares a database (SQLite), object storage and a workspace; no role runs yet.
    ///
    /// `wire` is the WebSocket of the network, when a connector is to run.
    ///
    /// # Errors
    /// When the program is not there.
    pub async fn prepare(program: &Path, redis: &Redis, network: Option<(&Server, &str)>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let S3Config { access_key, secret_key, .. } = S3Config::default();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let s3 = EmbeddedS3::start(&folder.path().join("s3"), any, &access_key, &secret_key).await?;
        let port = free_port().await?;
        let mut environment = vec![
            ("REDIS_URL", redis.url()),
            ("DATABASE_URL", database_url(folder.path())),
            ("S3_ENDPOINT", s3.endpoint()),
            ("WAGATE_ENCRYPTION__KEYS", format!("[\"{RING_KEY}\"]")),
            ("WAGATE_DATA_DIR", folder.path().display().to_string()),
            ("WAGATE_SERVER__LISTEN", format!("127.0.0.1:{port}")),
            // the load is faster than anybody may be by default
            ("WAGATE_LIMITS__KEY_PER_SECOND", "0".to_owned()),
            ("WAGATE_LIMITS__WORKSPACE_PER_SECOND", "0".to_owned()),
            // endpoints of webhooks are on loopback
            ("WAGATE_OUTBOUND__ALLOW_PRIVATE", "true".to_owned()),
        ];
        if let Some((network, wire)) = network {
            environment.extend([
                ("WAGATE_NETWORK__WS_URL", wire.to_owned()),
                ("WAGATE_NETWORK__MEDIA_HTTPS_HOST", network.media_https().to_owned()),
                ("WAGATE_NETWORK__MEDIA_HTTP_ADDR", network.media_http()?.to_string()),
            ]);
        }
        let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (program, key) = (program.to_owned(), String::new());
        let mut gateway = Self { program, environment, folder, port, key, http: Client::new(), _s3: s3 };
        gateway.key = gateway.workspace().await?;
        Ok(gateway)
    }

    /// Sets a variable of the environment for the roles that start from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path());
        command
    }

    /// Makes a workspace; its key.
    async fn workspace(&self) -> Result<String> {
        let mut command = self.command(&["admin", "create-workspace", "bench"]);
        let made = command.output().await.with_context(|| format!("start {}", self.program.display()))?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let said = String::from_utf8(made.stdout)?;
        let key = said.lines().find_map(|line| line.strip_prefix("API key")).context("no key")?;
        Ok(key.split_whitespace().next().context("no key")?.to_owned())
    }

    /// Starts a role (`api`, `worker`, `connector`, or `up` for all of them). Its log goes to a file, at the level of production.
    ///
    /// # Errors
    /// When it does not start.
    pub fn role(&self, role: &str) -> Result<Program> {
        let log = File::create(self.folder.path().join(format!("{role}.log")))?;
        let mut command = self.command(&[role]);
        Program::start(command.stderr(Stdio::from(log)), "build it: cargo build --release --bin wagate")
    }

    /// The same on one core.
    ///
    /// # Errors
    /// When it does not start, or `taskset` is missing.
    pub fn role_on(&self, role: &str, core: &str) -> Result<Program> {
        let log = File::create(self.folder.path().join(format!("{role}.log")))?;
        let mut command = pinned(&self.command(&[role]), core);
        Program::start(command.stderr(Stdio::from(log)), "taskset is needed (util-linux)")
    }

    /// URL of the database.
    #[must_use]
    pub fn database(&self) -> String {
        database_url(self.folder.path())
    }

    /// Starts the API, alone (`api`) or with all other roles in one process (`up`), and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub async fn serve(&self, role: &str) -> Result<Program> {
        let mut api = self.role(role)?;
        api.listens(self.port).await?;
        Ok(api)
    }

    /// A folder that goes with the gateway.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Bytes of the database, its write-ahead log included.
    ///
    /// # Errors
    /// When it is not there.
    pub fn database_size(&self) -> Result<u64> {
        let size = |name: &str| std::fs::metadata(self.folder.path().join(name)).map(|file| file.len());
        Ok(size("wagate.db")? + size("wagate.db-wal").unwrap_or_default())
    }

    /// The port of the API on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The headers that every request carries.
    #[must_use]
    pub fn headers(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.key)
    }

    /// Asks the API.
    ///
    /// # Errors
    /// When the answer is not a success.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = self.http.request(method, url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.header("accept", "application/json").send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Asks again until the answer has what is looked for.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn until<T>(&self, path: &str, pick: impl Fn(&Value) -> Option<T>) -> Result<T> {
        let search = async {
            loop {
                if let Ok(answer) = self.ask(Method::GET, path, None).await
                    && let Some(found) = pick(&answer)
                {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.with_context(|| format!("waiting at {path}"))
    }

    /// A session that nobody has linked.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn session(&self, start: bool) -> Result<String> {
        let made = self.ask(Method::POST, "/api/v1/sessions", Some(&json!({ "start": start }))).await?;
        text(&made, "id").context("no id")
    }

    /// A session that is linked to a number, and connected.
    ///
    /// # Errors
    /// When it cannot be linked.
    pub async fn linked(&self, network: &Server, number: &str) -> Result<String> {
        let id = self.session(true).await?;
        let qr = self.until(&format!("/api/v1/sessions/{id}/qr"), |answer| text(answer, "code")).await?;
        control::scan(&self.http, network.control(), number, &qr).await?;
        let connected = |answer: &Value| (answer.get("state")? == "connected").then_some(());
        self.until(&format!("/api/v1/sessions/{id}"), connected).await?;
        Ok(id)
    }
}

fn text(answer: &Value, field: &str) -> Option<String> {
    answer.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn database_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("wagate.db").display())
}
