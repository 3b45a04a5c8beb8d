//! Baileys in a Node process: a WhatsApp client that we did not write.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::PATIENCE;

/// A running Baileys.
#[derive(Debug)]
pub struct Baileys {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    seen: Vec<Value>,
}

impl Baileys {
    /// Starts it against the sandbox; credentials live under `auth_dir`.
    ///
    /// # Panics
    /// When Node or the packages are missing: `make test` installs them.
    #[must_use]
    pub fn start(ws_url: &str, ca_pem: &Path, auth_dir: &Path) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
        assert!(
            folder.join("node_modules/baileys").exists(),
            "Baileys is not installed: run scripts/foreign-clients (make test does)"
        );
        let mut child = Command::new("node")
            .arg("baileys.mjs")
            .current_dir(&folder)
            .env("WS_URL", ws_url)
            .env("AUTH_DIR", auth_dir)
            .env("NODE_EXTRA_CA_CERTS", ca_pem)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed: scripts/need node (make test does)");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, input, output, seen: Vec::new() }
    }

    /// Waits for a line of which `is_it` holds, among those seen before and those to come.
    ///
    /// # Panics
    /// When none comes or Baileys ends.
    pub async fn wait(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.seen.iter().position(&is_it) {
            return self.seen.remove(at);
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let line = tokio::time::timeout_at(deadline, self.output.next_line())
                .await
                .unwrap_or_else(|_| panic!("Baileys never said: {what}; said: {:?}", self.seen))
                .expect("reading from Baileys")
                .unwrap_or_else(|| panic!("Baileys ended before: {what}; said: {:?}", self.seen));
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            assert!(line["is"] != "error", "Baileys: {line}");
            if is_it(&line) {
                return line;
            }
            self.seen.push(line);
        }
    }

    /// Waits for a line of one kind.
    pub async fn wait_for(&mut self, kind: &str) -> Value {
        self.wait(kind, |line| line["is"] == kind).await
    }

    /// Gives a command.
    ///
    /// # Panics
    /// When Baileys has ended.
    pub async fn command(&mut self, command: &Value) {
        let line = format!("{command}\n");
        self.input.write_all(line.as_bytes()).await.expect("Baileys listens");
    }

    /// Ends it.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn quit(mut self) {
        self.command(&serde_json::json!({"do": "quit"})).await;
        tokio::time::timeout(Duration::from_secs(30), self.child.wait())
            .await
            .expect("Baileys ends")
            .expect("waiting");
    }
}
