//! The access log: a line for each request, and no secret in any. Alone in its file, for a process has one log.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::Method;
use serde_json::json;
use tracing_subscriber::EnvFilter;
use wagate_tests::Stack;

/// Whatever is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_leaves_a_line_and_no_secret_in_it() {
    let log = Log::default();
    let ours =
        ["api", "cli", "infra", "domain", "worker"].map(|room| format!(",wagate_{room}=trace")).concat();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("info{ours}")))
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let stack = Stack::sqlite().await;
    let api = stack.api();
    let get = |path: &str| api.request(Method::GET, path);

    let hook = json!({
        "url": "https://hooks.example/a", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "headers": {"Authorization": "Bearer hunter2-of-a-webhook"},
    });
    for (what, request, status) in [
        ("a query", get("/api/v1/sessions?token=hunter2-in-a-query"), 422),
        ("a path", get("/api/v1/messages/hunter2-in-a-path"), 404),
        ("no route", get("/hunter2-nowhere?token=hunter2"), 404),
        ("a cookie", get("/api/v1/sessions").header("cookie", "session=hunter2-in-a-cookie"), 200),
        ("a header", get("/api/v1/sessions").header("x-secret", "hunter2-in-a-header"), 200),
        ("a wrong key", api.with_key("hunter2-as-a-key").request(Method::GET, "/api/v1/sessions"), 401),
        (
            "a wrong key elsewhere",
            api.with_key("").request(Method::GET, "/api/v1/sessions").header("x-api-key", "hunter2-again"),
            401,
        ),
        (
            "a field",
            api.request(Method::POST, "/api/v1/sessions").json(&json!({"password": "hunter2-in-a-field"})),
            422,
        ),
        (
            "no JSON",
            api.request(Method::POST, "/api/v1/sessions")
                .header("content-type", "application/json")
                .body("{hunter2"),
            400,
        ),
        ("a webhook", api.request(Method::POST, "/api/v1/webhooks").json(&hook), 201),
    ] {
        let id = what.replace(' ', "-");
        let answer = api.send(request.header("x-request-id", &id)).await;
        assert_eq!(answer.status, status, "{what}: {}", String::from_utf8_lossy(&answer.bytes));
        let text = log.text();
        let line = text.lines().find(|line| line.contains("wagate::access") && line.contains(&id));
        let line = line.unwrap_or_else(|| panic!("no line for {what}:\n{text}"));
        for part in [&format!("status={status}"), "duration_ms=", "address=127.0.0.1", "method="] {
            assert!(line.contains(part), "{part}: {line}");
        }
        let known = status != 401 && what != "no route";
        assert_eq!(line.contains("workspace=ws_") && line.contains("key_"), known, "{line}");
    }
    let text = log.text();
    for secret in ["hunter2", stack.up().first_key(), "whsec_"] {
        let shown = text.lines().find(|line| line.contains(secret));
        assert_eq!(shown, None, "a secret is in the log");
    }
}
