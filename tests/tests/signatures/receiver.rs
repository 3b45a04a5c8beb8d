//! The receivers that docs/webhooks.md shows, running.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use http::{HeaderMap, HeaderValue};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpListener,
    process::{Child, Command},
};
use wagate_tests::Call;

#[expect(unreachable_pub, clippy::print_stdout, reason = "it is written for readers of the page")]
#[path = "../../receivers/verify.rs"]
mod verify;

/// A receiver as docs/webhooks.md shows it, with one secret.
pub(crate) struct Receiver {
    pub(crate) language: &'static str,
    pub(crate) url: String,
    http: reqwest::Client,
    /// Ends when it is dropped.
    _program: Option<Child>,
}

impl Receiver {
    /// One in each language.
    pub(crate) async fn all(secret: &str) -> [Self; 5] {
        [
            Self::node(secret).await,
            Self::python(secret).await,
            Self::rust(secret).await,
            Self::php(secret).await,
            Self::go(secret).await,
        ]
    }

    async fn node(secret: &str) -> Self {
        needs_packages("node_modules");
        let mut program = Command::new("node");
        program.arg("verify.mjs");
        Self::program("node", program, secret).await
    }

    async fn python(secret: &str) -> Self {
        needs_packages("python_modules");
        let mut program = Command::new("python3");
        program.arg("verify.py").env("PYTHONPATH", "python_modules");
        Self::program("python3", program, secret).await
    }

    pub(crate) async fn php(secret: &str) -> Self {
        let mut program = Command::new("php");
        program.args(["-S", "127.0.0.1:0", "verify.php"]);
        Self::program("php", program, secret).await
    }

    pub(crate) async fn go(secret: &str) -> Self {
        // its file may go once it runs
        let built = tempfile::tempdir().expect("a folder");
        let program = built.path().join("verify");
        build_go(&program).await;
        Self::program("go", Command::new(&program), secret).await
    }

    async fn program(language: &'static str, mut program: Command, secret: &str) -> Self {
        let started = program
            .current_dir(folder())
            .env("WEBHOOK_SECRET", secret)
            .env("PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // PHP's server says there where it is
            .stderr(if language == "php" { Stdio::piped() } else { Stdio::inherit() })
            .kill_on_drop(true)
            .spawn();
        let mut child = started.unwrap_or_else(|error| missing(language, &error));
        let port = match child.stderr.take() {
            Some(said) => port(language, said).await,
            None => port(language, child.stdout.take().expect("piped")).await,
        };
        let url = format!("http://127.0.0.1:{port}/hook");
        Self { language, url, http: reqwest::Client::new(), _program: Some(child) }
    }

    async fn rust(secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = verify::receiver(secret).expect("a secret");
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") });
        Self { language: "rust", url, http: reqwest::Client::new(), _program: None }
    }

    /// Whether it takes a request with these headers of the specification and this body.
    pub(crate) async fn takes(&self, headers: &HeaderMap, bytes: impl Into<Vec<u8>>) -> bool {
        let mut request = self.http.post(&self.url).body(bytes.into());
        for (name, value) in headers.iter().filter(|(name, _)| name.as_str().starts_with("webhook-")) {
            request = request.header(name, value);
        }
        match request.send().await.expect("an answer").status().as_u16() {
            204 => true,
            400 => false,
            other => panic!("{} answered {other}", self.language),
        }
    }

    /// It refuses a request that came once a single thing of it is another.
    pub(crate) async fn refuses_what_was_changed(&self, call: &Call) {
        for (at, bits) in [(0, 1), (call.bytes.len() / 2, 1), (call.bytes.len() / 2, 0x80)] {
            let bytes = changed(call, at, bits);
            assert!(!self.takes(&call.headers, bytes).await, "{}: byte {at} ^ {bits}", self.language);
        }
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let mut headers = call.headers.clone();
            let old = headers[name].to_str().expect("text").to_owned();
            let new = match name {
                "webhook-timestamp" => (old.parse::<i64>().expect("seconds") - 1).to_string(),
                "webhook-signature" => old.chars().rev().collect(),
                _ => format!("{old}x"),
            };
            headers.insert(name, HeaderValue::from_str(&new).expect("a value"));
            assert!(!self.takes(&headers, call.bytes.clone()).await, "{}: another {name}", self.language);
            headers.remove(name);
            assert!(!self.takes(&headers, call.bytes.clone()).await, "{}: no {name}", self.language);
        }
    }
}

/// The port that a program says it listens on.
async fn port(language: &str, said: impl AsyncRead + Send + Unpin + 'static) -> u16 {
    let mut lines = BufReader::new(said).lines();
    let line = lines.next_line().await.expect("a line").unwrap_or_default();
    // a program whose words nobody reads stands still some day
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let digits = line.trim_end_matches(") started").rsplit([' ', ':']).next().unwrap_or_default();
    digits.parse().unwrap_or_else(|_| panic!("the receiver in {language} did not start: {line}"))
}

async fn build_go(into: &Path) {
    let run = Command::new("go")
        .args(["build", "-o"])
        .arg(into)
        .arg("verify.go")
        .current_dir(folder())
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"))
        .output()
        .await
        .unwrap_or_else(|error| missing("go", &error));
    assert!(run.status.success(), "verify.go is not built: {}", String::from_utf8_lossy(&run.stderr));
}

fn needs_packages(folder_of_packages: &str) {
    let installed = folder().join(folder_of_packages).join("standardwebhooks").exists();
    assert!(
        installed,
        "no tests/receivers/{folder_of_packages}: run scripts/foreign-clients (make test does)"
    );
}

fn missing(program: &str, error: &std::io::Error) -> ! {
    panic!("{program} does not start ({error}): run scripts/need {program} (make test does)")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers")
}

/// The body of a request with one byte changed.
pub(crate) fn changed(call: &Call, at: usize, bits: u8) -> Vec<u8> {
    let mut bytes = call.bytes.to_vec();
    bytes[at] ^= bits;
    bytes
}
