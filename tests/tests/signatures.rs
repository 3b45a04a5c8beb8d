//! The signatures of what our worker posts, judged by libraries that we did not write: those of the Standard Webhooks
//! specification for Node, Python and Rust, in the receivers that docs/webhooks.md shows.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
};
use wagate_tests::{Api, Call, Endpoint, Stack, eventually};

#[expect(unreachable_pub, clippy::print_stdout, reason = "it is written for readers of the page")]
#[path = "../receivers/verify.rs"]
mod verify;

const SHOP: &str = "6281200000001";
const AYU: &str = "6281234567890";

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Letters of every length in UTF-8, and what JSON may write in several ways.
const TEXT: &str = "Grüße, 日本 😀 \"said\" \\ / \u{2028} \u{7f}";

/// A receiver as docs/webhooks.md shows it, with one secret.
struct Receiver {
    language: &'static str,
    url: String,
    http: reqwest::Client,
    /// Ends when it is dropped; read by nobody, but open.
    _program: Option<(Child, Lines<BufReader<ChildStdout>>)>,
}

impl Receiver {
    /// One in each language.
    async fn all(secret: &str) -> [Self; 3] {
        [
            Self::program("node", "verify.mjs", "node_modules", secret).await,
            Self::program("python3", "verify.py", "python_modules", secret).await,
            Self::rust(secret).await,
        ]
    }

    async fn program(program: &'static str, script: &str, packages: &str, secret: &str) -> Self {
        let installed = folder().join(packages).join("standardwebhooks").exists();
        assert!(installed, "no tests/receivers/{packages}: run scripts/foreign-clients (make test does)");
        let started = Command::new(program)
            .arg(script)
            .current_dir(folder())
            .env("WEBHOOK_SECRET", secret)
            .env("PORT", "0")
            .env("PYTHONPATH", packages)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = started.unwrap_or_else(|error| {
            panic!("{program} does not start ({error}): run scripts/need {program} (make test does)")
        });
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let line = lines.next_line().await.expect("a line").unwrap_or_default();
        let port = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{script} ended: {line}"));
        let url = format!("http://127.0.0.1:{port}/hook");
        Self { language: program, url, http: reqwest::Client::new(), _program: Some((child, lines)) }
    }

    async fn rust(secret: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let router = verify::receiver(secret).expect("a secret");
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") });
        Self { language: "rust", url, http: reqwest::Client::new(), _program: None }
    }

    /// Whether it takes a request with these headers of the specification and this body.
    async fn takes(&self, headers: &HeaderMap, bytes: impl Into<Vec<u8>>) -> bool {
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
    async fn refuses_what_was_changed(&self, call: &Call) {
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

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers")
}

/// The body of a request with one byte changed.
fn changed(call: &Call, at: usize, bits: u8) -> Vec<u8> {
    let mut bytes = call.bytes.to_vec();
    bytes[at] ^= bits;
    bytes
}

fn signatures(call: &Call) -> usize {
    call.headers["webhook-signature"].to_str().expect("text").split(' ').count()
}

async fn webhook(api: &Api, url: &str, secret: &str) -> String {
    let body = json!({"url": url, "secret": secret});
    let made = api.post("/api/v1/webhooks", &body).await.expect(201).json();
    made["id"].as_str().expect("an id").to_owned()
}

/// Everything that was asked of a receiver of ours by now, once a message has been delivered to it.
async fn statuses(api: &Api, webhook: &str) -> Vec<Value> {
    let path = format!("/api/v1/webhooks/{webhook}/deliveries");
    let has_it = format!("{path}?type=message.received&state=delivered");
    eventually("a message delivered", || async {
        let page = api.get(&has_it).await.expect(200).json();
        page["deliveries"].as_array().filter(|all| !all.is_empty()).map(|_| ())
    })
    .await;
    let page = api.get(&path).await.expect(200).json();
    let deliveries = page["deliveries"].as_array().expect("deliveries").clone();
    let attempts = deliveries.iter().filter_map(|delivery| delivery["attempts"].as_array());
    attempts.flatten().map(|attempt| attempt["status"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn libraries_of_others_take_what_we_post_and_refuse_what_was_changed() {
    let stack = Stack::sqlite().await;
    let phone = stack.phone(SHOP, "Toko Kopi").await;
    let ayu = stack.phone(AYU, "Ayu").await;
    let (api, session) = (stack.api(), stack.linked(&phone).await);
    let (recorder, receivers) = (Endpoint::start().await, Receiver::all(SECRET).await);
    webhook(&api, recorder.url(), SECRET).await;
    let mut webhooks = Vec::new();
    for receiver in &receivers {
        webhooks.push(webhook(&api, &receiver.url, SECRET).await);
    }

    ayu.write(SHOP, TEXT).await;
    api.text(&session, AYU, TEXT).await;
    recorder.takes("message.received", 1).await;
    recorder.takes("message.status", 1).await;

    // straight from the worker; an answer may be late here, a bad one may not be
    for (receiver, webhook) in receivers.iter().zip(&webhooks) {
        let statuses = statuses(&api, webhook).await;
        let good = statuses.iter().all(|status| *status == 204 || status.is_null());
        assert!(good, "{}: {statuses:?}", receiver.language);
    }

    // what was posted, byte for byte, and the same with something changed
    let calls = recorder.calls();
    for receiver in &receivers {
        for call in &calls {
            assert!(
                receiver.takes(&call.headers, call.bytes.clone()).await,
                "{}: {call:?}",
                receiver.language
            );
            receiver.refuses_what_was_changed(call).await;
        }
        let message = calls.iter().find(|call| call.event()["type"] == "message.received").expect("it came");
        for at in 0..message.bytes.len() {
            let taken = receiver.takes(&message.headers, changed(message, at, 1)).await;
            assert!(!taken, "{}: byte {at}", receiver.language);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_request_is_refused_although_its_signature_is_right() {
    let signer = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    let (id, body) = ("evt_1", br#"{"id":"evt_1","type":"message.received"}"#);
    for receiver in Receiver::all(SECRET).await {
        for (minutes, good) in [(0, true), (-2, true), (-10, false), (10, false)] {
            let seconds = jiff::Timestamp::now().as_second() + minutes * 60;
            let signature = signer.sign(id, seconds, body).expect("a signature");
            let mut headers = HeaderMap::new();
            headers.insert("webhook-id", HeaderValue::from_static(id));
            headers.insert("webhook-timestamp", seconds.into());
            headers.insert("webhook-signature", HeaderValue::from_str(&signature).expect("a value"));
            assert_eq!(receiver.takes(&headers, *body).await, good, "{}: {minutes} min", receiver.language);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_is_rotated_libraries_of_others_take_either() {
    let stack = Stack::sqlite().await;
    let phone = stack.phone(SHOP, "Toko Kopi").await;
    let ayu = stack.phone(AYU, "Ayu").await;
    let api = stack.api();
    stack.linked(&phone).await;
    let recorder = Endpoint::start().await;
    let id = webhook(&api, recorder.url(), SECRET).await;
    let rotate = format!("/api/v1/webhooks/{id}/rotate-secret");
    let (old, new) = (Receiver::all(SECRET).await, Receiver::all(NEXT_SECRET).await);

    // the worker learns of it within a moment
    let posted = async |count: usize, after: usize| {
        eventually(&format!("{count} signatures"), || async {
            ayu.write(SHOP, TEXT).await;
            recorder.calls().into_iter().skip(after).find(|call| signatures(call) == count)
        })
        .await
    };
    let before = posted(1, 0).await;
    api.post(&rotate, &json!({"secret": NEXT_SECRET, "overlap_seconds": 600})).await.expect(200);
    let between = posted(2, 0).await;
    let so_far = recorder.calls().len();
    api.post(&rotate, &json!({"secret": NEXT_SECRET, "overlap_seconds": 0})).await.expect(200);
    let after = posted(1, so_far).await;

    for (receivers, takes) in [(&old, [true, true, false]), (&new, [false, true, true])] {
        for receiver in receivers {
            for (call, good) in [&before, &between, &after].into_iter().zip(takes) {
                let taken = receiver.takes(&call.headers, call.bytes.clone()).await;
                assert_eq!(taken, good, "{}: {call:?}", receiver.language);
            }
            receiver.refuses_what_was_changed(&between).await;
        }
    }
}

#[test]
fn the_page_shows_the_receivers_that_run_here() {
    let page = include_str!("../../docs/webhooks.md");
    for (language, file, source) in [
        ("js", "verify.mjs", include_str!("../receivers/verify.mjs")),
        ("python", "verify.py", include_str!("../receivers/verify.py")),
        ("rust", "verify.rs", include_str!("../receivers/verify.rs")),
    ] {
        let shown = page.contains(&format!("```{language}\n{source}```\n"));
        assert!(
            shown,
            "docs/webhooks.md shows another {file}: copy tests/receivers/{file} into its {language} block"
        );
    }
}
