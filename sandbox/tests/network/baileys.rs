//! Baileys 6 in a Node process: a client of the older dictionary that we did not write.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout, timeout_at};
use wagate_sandbox::Sandbox;

use crate::client::{PATIENCE, link};

/// A running Baileys; what it says is told in `tests/foreign/baileys6/driver.mjs`.
pub(crate) struct Baileys {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// What it said and nobody waited for.
    seen: Vec<Value>,
    /// Its credentials.
    folder: TempDir,
}

impl Baileys {
    /// Starts and connects it, with the credentials that are in the folder.
    pub(crate) async fn start(sandbox: &Sandbox, folder: TempDir) -> Self {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/foreign/baileys6");
        assert!(
            home.join("node_modules/baileys").exists(),
            "Baileys 6 is not installed: run scripts/foreign-clients (make test does)"
        );
        let mut child = Command::new("node")
            .arg("driver.mjs")
            .current_dir(&home)
            .env("WS_URL", sandbox.wire_url())
            .env("MEDIA_HOST", sandbox.media_https_host())
            .env("AUTH_DIR", folder.path())
            .env("NODE_EXTRA_CA_CERTS", sandbox.ca_pem_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed: scripts/need node (make test does)");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut baileys = Self { child, input, output, seen: Vec::new(), folder };
        baileys.tell(json!({"do": "connect"})).await;
        baileys
    }

    /// A new one, linked to a number by QR code, with everything its phone sends first.
    pub(crate) async fn linked(sandbox: &Sandbox, number: &str) -> Self {
        let mut baileys = Self::start(sandbox, tempfile::tempdir().expect("folder")).await;
        let qr = baileys.wait_for("qr").await;
        link(sandbox, number, qr["qr"].as_str().expect("a code")).await;
        baileys.ready(number).await;
        baileys
    }

    /// Waits until it is linked and tells its application what happens.
    pub(crate) async fn ready(&mut self, number: &str) {
        let open = self.wait_for("open").await;
        assert!(open["id"].as_str().is_some_and(|id| id.starts_with(number)), "{open}");
        // Before it has its keys and its history it holds everything back.
        self.wait_for("history").await;
        let whole = |line: &Value| {
            let lid = line["lid"].as_str().is_some_and(|lid| lid.ends_with("@lid"));
            line["is"] == "me" && line["name"].is_string() && line["name"] != "~" && lid
        };
        self.wait("its name and LID", whole).await;
    }

    /// Waits for a line of which `is_it` holds, among those seen before and those to come.
    pub(crate) async fn wait(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.seen.iter().position(&is_it) {
            return self.seen.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = timeout_at(deadline, self.output.next_line())
                .await
                .unwrap_or_else(|_| panic!("Baileys never said: {what}; said: {:#?}", self.seen))
                .expect("reading from Baileys")
                .unwrap_or_else(|| panic!("Baileys ended before: {what}; said: {:#?}", self.seen));
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            if is_it(&line) {
                return line;
            }
            assert!(line["is"] != "error" && line["is"] != "undecryptable", "Baileys: {line}");
            self.seen.push(line);
        }
    }

    /// Waits for a line of one kind.
    pub(crate) async fn wait_for(&mut self, kind: &str) -> Value {
        self.wait(kind, |line| line["is"] == kind).await
    }

    /// Gives a command.
    async fn tell(&mut self, command: Value) {
        self.input.write_all(format!("{command}\n").as_bytes()).await.expect("Baileys listens");
    }

    /// Ends the process; its credentials.
    pub(crate) async fn quit(mut self) -> TempDir {
        self.tell(json!({"do": "quit"})).await;
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("Baileys ends").expect("waiting");
        assert!(ended.success(), "Baileys ended with {ended}");
        self.folder
    }
}
