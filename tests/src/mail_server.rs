//! A mail server that we did not write (aiosmtpd), which tells what Python's email package makes of each mail.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use wagate_infra::config::{MailConfig, Secret};

use crate::eventually;

/// How connections to it are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// They are not.
    None,
    /// From the command STARTTLS on, which it insists on.
    Start,
    /// From the first byte on.
    Whole,
}

/// User and password, as they stand in a URL.
const LOGIN: (&str, &str) = ("wagate", "a%3Ab%2F%20c");
/// The same as the server has them.
const LOGIN_PLAIN: &str = "wagate:a:b/ c";

/// A running server; ends when dropped. How it behaves is said by the name before the @ of an address (`greylisted…`
/// is refused for the first time, `refused…` always, `hangs…` gets no answer, `dies…` none to the first mail).
#[derive(Debug)]
pub struct MailServer {
    port: String,
    tls: Tls,
    /// Holds its certificate.
    folder: TempDir,
    told: Arc<Mutex<Vec<Value>>>,
    /// It ends when its standard input does.
    _program: Child,
}

impl MailServer {
    /// Starts on a free port; who sends mail has to sign in when it is encrypted.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(tls: Tls) -> Self {
        let (folder, receivers) = (TempDir::new().expect("a folder"), receivers());
        let installed = receivers.join("python_modules/aiosmtpd").exists();
        assert!(installed, "no aiosmtpd in tests/receivers: run scripts/foreign-clients (make test does)");
        let mut command = Command::new("python3");
        command.arg("mail.py").current_dir(receivers).env("PYTHONPATH", "python_modules");
        if tls != Tls::None {
            let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
            let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
            std::fs::write(&cert, pair.cert.pem()).expect("a file");
            std::fs::write(&key, pair.signing_key.serialize_pem()).expect("a file");
            let name = if tls == Tls::Start { "starttls" } else { "smtps" };
            command.env("TLS", name).env("CERT", cert).env("KEY", key).env("LOGIN", LOGIN_PLAIN);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut program = command.spawn().expect("python3: run scripts/need python3 (make test does)");
        let mut lines = BufReader::new(program.stdout.take().expect("piped")).lines();
        let line = lines.next_line().await.expect("a line").unwrap_or_default();
        let port = line.strip_prefix("listening on ").expect("mail.py listens").to_owned();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let line = serde_json::from_str(&line).expect("a line of JSON");
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { port, tls, folder, told, _program: program }
    }

    /// Settings that lead to it, and that are impatient.
    #[must_use]
    pub fn config(&self) -> MailConfig {
        let (user, password) = LOGIN;
        let port = &self.port;
        let url = match self.tls {
            Tls::None => format!("smtp://127.0.0.1:{port}"),
            Tls::Start => format!("smtp://{user}:{password}@127.0.0.1:{port}?tls=required"),
            Tls::Whole => format!("smtps://{user}:{password}@127.0.0.1:{port}"),
        };
        MailConfig {
            smtp_url: Some(Secret::new(url)),
            from: Some("Wägate <wagate@example.com>".to_owned()),
            ca_file: (self.tls != Tls::None).then(|| self.folder.path().join("cert.pem")),
            timeout: Duration::from_secs(30),
            first_retry: Duration::from_millis(50),
            longest_retry: Duration::from_millis(400),
            ..MailConfig::default()
        }
    }

    /// Every mail that came whole to an address, as Python reads it.
    #[must_use]
    pub fn mails(&self, address: &str) -> Vec<Value> {
        self.told(|told| told["to"][0] == address)
    }

    /// What was answered each time somebody wanted to write to an address.
    #[must_use]
    pub fn answers(&self, address: &str) -> Vec<Value> {
        self.told(|told| told["rcpt"] == address).into_iter().map(|told| told["answer"].clone()).collect()
    }

    /// Waits until so many mails have come to an address.
    pub async fn takes(&self, address: &str, count: usize) -> Vec<Value> {
        eventually(&format!("{count} mails to {address}"), || async {
            Some(self.mails(address)).filter(|mails| mails.len() >= count)
        })
        .await
    }

    fn told(&self, which: impl Fn(&Value) -> bool) -> Vec<Value> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|told| which(told)).cloned().collect()
    }
}

fn receivers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers")
}
