//! Clients in a Node process: JSON lines in, JSON lines out.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command as Process};
use tokio::sync::{mpsc, oneshot};
use wagate_sandbox::Sandbox;

use crate::client::{Client, Driver, Refusal};
use crate::log::Log;
use crate::{Command, Event, Kind, PATIENCE, Person};

/// A Node process that plays clients. It ends when it is dropped.
pub struct NodeProcess {
    kind: Kind,
    shared: Arc<Shared>,
    lines: mpsc::UnboundedSender<String>,
    _child: Child,
}

/// What writers of commands and the reader of lines share.
#[derive(Default)]
struct Shared {
    last_ask: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Value, Refusal>>>>,
    logs: Mutex<HashMap<String, Arc<Log>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Done {
        re: u64,
        ok: Value,
    },
    Refused {
        re: u64,
        refused: Words,
    },
    Event {
        client: String,
        #[serde(flatten)]
        event: Event,
    },
}

#[derive(Deserialize)]
struct Words {
    text: String,
    code: Option<u16>,
}

impl NodeProcess {
    /// Starts one that plays `kind` against a sandbox. Files to send lie in `files`.
    ///
    /// # Panics
    /// When Node or the packages are missing (`make test` installs them), or our own kind is asked for.
    #[must_use]
    pub fn start(kind: Kind, sandbox: &Sandbox, files: &Path) -> Arc<Self> {
        let folder = kind.script().expect("a kind that Node plays");
        assert!(
            folder.join("node_modules/baileys").exists(),
            "Baileys is not installed: run scripts/foreign-clients (make test does)"
        );
        let mut child = Process::new("node")
            .arg("baileys.mjs")
            .current_dir(folder)
            .env("WS_URL", sandbox.wire_url())
            .env("MEDIA_HOST", sandbox.media_https_host())
            .env("FILES", files)
            .env("NODE_EXTRA_CA_CERTS", sandbox.ca_pem_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed: scripts/need node (make test does)");
        let mut input = child.stdin.take().expect("piped");
        let output = child.stdout.take().expect("piped");
        let (lines, mut outgoing) = mpsc::unbounded_channel::<String>();
        tokio::spawn(async move {
            while let Some(line) = outgoing.recv().await {
                if input.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let shared = Arc::new(Shared::default());
        tokio::spawn(read(output, Arc::clone(&shared)));
        Arc::new(Self { kind, shared, lines, _child: child })
    }

    /// A client of this process for somebody's account, not connected yet.
    #[must_use]
    pub fn client(self: &Arc<Self>, person: &Person) -> Client {
        let log = Arc::new(Log::default());
        let mut logs = self.shared.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{}-{}", person.number, logs.len());
        logs.insert(name.clone(), Arc::clone(&log));
        Client::new(self.kind, Box::new(NodeClient { process: Arc::clone(self), name }), log, person.clone())
    }
}

/// One client of a process.
struct NodeClient {
    process: Arc<NodeProcess>,
    name: String,
}

#[async_trait]
impl Driver for NodeClient {
    async fn run(&self, command: Command) -> Result<Value, Refusal> {
        let shared = &self.process.shared;
        let ask = shared.last_ask.fetch_add(1, Ordering::Relaxed);
        let mut line = serde_json::to_value(command).expect("JSON");
        line["ask"] = json!(ask);
        line["client"] = json!(self.name);
        let (answer, answered) = oneshot::channel();
        shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(ask, answer);
        let gone = |text: &str| Refusal { code: None, text: text.to_owned() };
        self.process.lines.send(format!("{line}\n")).map_err(|_| gone("the process has ended"))?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(gone("the process has ended")),
            Err(_) => Err(gone("no answer")),
        }
    }
}

/// Hands each line to whom it is for, until the process ends.
async fn read(output: ChildStdout, shared: Arc<Shared>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(text)) = lines.next_line().await {
        let line: Line = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        match line {
            Line::Done { re, ok } => shared.answer(re, Ok(ok)),
            Line::Refused { re, refused } => {
                shared.answer(re, Err(Refusal { code: refused.code, text: refused.text }));
            }
            Line::Event { client, event } => {
                let logs = shared.logs.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(log) = logs.get(&client) {
                    log.push(event);
                }
            }
        }
    }
    // whoever waits still must not wait for ever
    shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    shared.logs.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(|log| log.end());
}

impl Shared {
    fn answer(&self, ask: u64, answer: Result<Value, Refusal>) {
        let waiter = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&ask);
        if let Some(waiter) = waiter {
            // a waiter that gave up has failed its test already
            let _ = waiter.send(answer);
        }
    }
}
