//! A whole gateway, as `wagate up` starts it, with the network outside of it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use wagate_benches::report::Report;
use wagate_benches::server::Server;
use wagate_benches::usage::{self, LOAD_CORE, micros_each, per_second};
use wagate_benches::{control, say};

/// Sessions that send at the same time.
const SESSIONS: usize = 8;
/// Requests under way at a time.
const AT_ONCE: usize = 32;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// The API of a running gateway.
struct Gateway {
    child: Child,
    pid: u32,
    base: String,
    key: String,
    http: Client,
}

/// Sends so many messages through the API, in sessions that exist, and waits until all are delivered; how many a second.
pub(crate) async fn run(server: &Server, program: &Path, sends: usize, report: &mut Report) -> Result<f64> {
    say("a gateway sends");
    let gateway = Gateway::start(server, program).await?;
    let mut sessions = Vec::new();
    for n in 0..SESSIONS {
        sessions.push(gateway.session(server, &format!("4915800{n:06}")).await?);
    }
    gateway.send(&sessions, SESSIONS * 10).await?;
    server.quiet().await?;

    let (own, before) = (usage::cpu(gateway.pid)?, server.used()?);
    gateway.send(&sessions, sends).await?;
    let spent = server.since(before)?;
    let own = usage::cpu(gateway.pid)?.saturating_sub(own);
    let rate = per_second(sends, spent.wall);
    report.add("messages of one gateway process, from request to delivery", "per second", rate);
    report.add("… processor time of the gateway each (Redis apart)", "µs", micros_each(own, sends));
    report.add("… processor time of the sandbox each", "µs", micros_each(spent.cpu, sends));
    report.add("… gateway : sandbox", "to 1", own.as_secs_f64() / spent.cpu.as_secs_f64());
    gateway.stop().await?;
    Ok(rate)
}

impl Gateway {
    async fn start(server: &Server, program: &Path) -> Result<Self> {
        let mut child = Command::new("taskset")
            .args(["-c", LOAD_CORE])
            .arg(program)
            .args(["up", "--free-ports"])
            .env("WAGATE_DATA_DIR", server.folder().join("gateway"))
            .env("WAGATE_NETWORK__WS_URL", server.wire())
            .env("WAGATE_NETWORK__MEDIA_HTTPS_HOST", server.media_https())
            .env("WAGATE_NETWORK__MEDIA_HTTP_ADDR", server.media_http()?.to_string())
            .env("WAGATE_LOG__FILTER", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let pid = child.id().context("the gateway did not start")?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout")?).lines();
        let (mut base, mut key) = (None, None);
        while let Some(line) = lines.next_line().await? {
            let after = |label: &str| line.trim().strip_prefix(label).map(|rest| rest.trim().to_owned());
            base = base.or_else(|| after("API  "));
            key = key.or_else(|| after("API key"));
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        // What else it says is for nobody, but must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (base, key) = (base.context("no API in what it said")?, key.context("no key in what it said")?);
        Ok(Self { child, pid, base, key, http: Client::new() })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.header("accept", "application/json").send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Asks again until the answer has what is looked for.
    async fn until<T>(&self, path: &str, pick: impl Fn(&Value) -> Option<T>) -> Result<T> {
        let search = async {
            loop {
                if let Ok(answer) = self.ask(Method::GET, path, None).await
                    && let Some(found) = pick(&answer)
                {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.with_context(|| format!("waiting at {path}"))
    }

    /// A session that is linked to a number.
    async fn session(&self, server: &Server, number: &str) -> Result<String> {
        let made = self.ask(Method::POST, "/api/v1/sessions", Some(&json!({}))).await?;
        let id = made.get("id").and_then(Value::as_str).context("no id")?.to_owned();
        let code = |answer: &Value| answer.get("code").and_then(Value::as_str).map(str::to_owned);
        let qr = self.until(&format!("/api/v1/sessions/{id}/qr"), code).await?;
        control::scan(&self.http, server.control(), number, &qr).await?;
        let connected = |answer: &Value| (answer.get("state")? == "connected").then_some(());
        self.until(&format!("/api/v1/sessions/{id}"), connected).await?;
        Ok(id)
    }

    async fn send(&self, sessions: &[String], count: usize) -> Result<()> {
        let last: Vec<String> = stream::iter(0..count)
            .map(|n| async move {
                let session = sessions.get(n % sessions.len()).context("a session")?;
                let to = format!("+4915800{:06}1", n / sessions.len() % 10);
                let text = json!({ "body": "Your parcel arrives today between 10 and 12." });
                let message = json!({ "to": to, "type": "text", "text": text });
                let path = format!("/api/v1/sessions/{session}/messages");
                let accepted = self.ask(Method::POST, &path, Some(&message)).await?;
                Ok::<_, anyhow::Error>(
                    accepted.get("id").and_then(Value::as_str).context("no id")?.to_owned(),
                )
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        // A lane is in order: with the last message of each session all of them are delivered.
        let delivered = |answer: &Value| (answer.get("status")? == "delivered").then_some(());
        for id in last.iter().rev().take(sessions.len()) {
            self.until(&format!("/api/v1/messages/{id}"), delivered).await?;
        }
        Ok(())
    }

    async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw).context("pid")?;
        rustix::process::kill_process(pid, rustix::process::Signal::INT)?;
        self.child.wait().await?;
        Ok(())
    }
}
