//! What the HTTP server does with callers that mean no good, and what it lets web pages do.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use wagate_infra::config::ServerConfig;
use wagate_tests::{Answer, Api, Db, Stack, eventually};

const PAGE: &str = "https://app.example.com";
const OTHER: &str = "https://other.example.com";

/// A server that is impatient with its callers.
async fn impatient() -> Stack {
    let server = ServerConfig {
        header_timeout: Duration::from_millis(500),
        body_timeout: Duration::from_millis(500),
        ..ServerConfig::default()
    };
    Stack::serving(server).await
}

async fn connect(stack: &Stack) -> TcpStream {
    let address = stack.up().api_url().trim_start_matches("http://");
    TcpStream::connect(address).await.expect("a connection")
}

/// Everything that comes until the server closes.
async fn rest(mut socket: TcpStream) -> String {
    let mut bytes = Vec::new();
    // a reset is an end, too
    let _ = socket.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn raw(stack: &Stack, request: &[u8]) -> String {
    let mut socket = connect(stack).await;
    // one that is too large is not read to its end
    let _ = socket.write_all(request).await;
    rest(socket).await
}

/// The status of an answer, and the code of the problem in it.
fn read(answer: &str) -> (u16, Value) {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    (status, problem["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_never_end_hold_no_connection() {
    let stack = impatient().await;
    // nothing at all, half a head, and one that comes byte by byte
    assert_eq!(rest(connect(&stack).await).await, "");
    assert_eq!(raw(&stack, b"GET /healthz HTTP/1.1\r\nhost: x\r\n").await, "");
    let (mut reader, mut writer) = connect(&stack).await.into_split();
    let dripping = tokio::spawn(async move {
        let mut byte: &[u8] = b"GET /healthz HTTP/1.1\r\nx: ";
        while writer.write_all(byte).await.is_ok() {
            byte = b".";
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut bytes = Vec::new();
    let _ = reader.read_to_end(&mut bytes).await;
    assert_eq!(bytes, b"", "the server hung up");
    dripping.await.expect("it ends");
    stack.api().get("/healthz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_coming_is_a_408() {
    let stack = impatient().await;
    let key = stack.up().first_key();
    let head = |path: &str, kind: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: {kind}\r\n\
             content-length: 1000\r\nconnection: close\r\n\r\n"
        )
    };
    for (path, kind, begun) in [
        ("/api/v1/sessions", "application/json", "{\"name\":"),
        ("/api/v1/media", "image/png", "\u{fffd}"),
        ("/api/v1/media", "multipart/form-data; boundary=b", "--b\r\n"),
    ] {
        let answer = raw(&stack, format!("{}{begun}", head(path, kind)).as_bytes()).await;
        assert_eq!(read(&answer), (408, json!("body_too_slow")), "{path} of {kind}: {answer}");
    }
    let sessions = stack.api().get("/api/v1/sessions").await.expect(200).json();
    assert_eq!(sessions["sessions"], json!([]), "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_are_refused() {
    let stack = Stack::sqlite().await;
    let with =
        |headers: &str| format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    let large = |bytes: usize| format!("x-large: {}\r\n", "x".repeat(bytes));
    let long = |bytes: usize| {
        format!("GET /healthz?{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "x".repeat(bytes))
    };
    let problem = |status: u16, code: &str| (status, json!(code));
    for (what, request, expected) in [
        ("some headers", with(&many(50)), (200, Value::Null)),
        ("many headers", with(&many(100)), problem(431, "headers_too_large")),
        ("too many to read", with(&many(1_000)), (431, Value::Null)),
        ("a large header", with(&large(20_000)), problem(431, "headers_too_large")),
        ("a long path", long(10_000), problem(414, "uri_too_long")),
        ("no HTTP", "\u{16}\u{3}\u{1} hello\r\n\r\n".to_owned(), (400, Value::Null)),
    ] {
        let answer = raw(&stack, request.as_bytes()).await;
        assert_eq!(read(&answer), expected, "{what}: {}", answer.chars().take(500).collect::<String>());
    }
    // hung up on while it still writes, a caller may not see the answer
    let (status, _) = read(&raw(&stack, with(&large(1_000_000)).as_bytes()).await);
    assert!(matches!(status, 431 | 0), "{status}");
    stack.api().get("/healthz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_browsers_what_not_to_do() {
    let mut stack = Stack::sqlite().await;
    let api = stack.api();
    for (path, status) in [
        ("/api/v1/sessions", 200),
        ("/api/v1/nothing", 404),
        ("/api/docs/", 200),
        ("/api/docs/errors", 200),
        ("/mailbox", 200),
        ("/healthz", 200),
        ("/nothing", 404),
    ] {
        let answer = api.get(path).await.expect(status);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors"),
            "{path}: {policy}"
        );
        assert_eq!(policy.contains("script-src"), path.starts_with("/api/docs"), "{path}: {policy}");
        let kept = answer.header("cache-control");
        let private = path.starts_with("/api/v1") || path == "/mailbox";
        assert!(!private || kept == "no-store", "{path}: {kept}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: plain HTTP");
    }
    stack.stop().await;
    let public_url = Some("https://wa.example.com".to_owned());
    let stack = Stack::serving(ServerConfig { public_url, ..ServerConfig::default() }).await;
    let answer = Api::new(stack.up().listening(), "").get("/healthz").await.expect(200);
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

async fn from_page(api: &Api, method: Method, path: &str, origin: &str) -> Answer {
    api.send(api.request(method, path).header("origin", origin)).await
}

async fn preflight(api: &Api, origin: &str) -> Answer {
    let request = api.with_key("").request(Method::OPTIONS, "/api/v1/sessions");
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    api.send(request.header("access-control-request-headers", "authorization")).await
}

async fn allow(api: &Api, origins: &[&str]) -> Answer {
    api.send(api.request(Method::PUT, "/api/v1/cors").json(&json!({"origins": origins}))).await
}

async fn pages_of_allowed_origins_read_answers(db: Db) {
    let stack = Stack::start(db).await;
    let (api, stranger) = (stack.api(), stack.stranger().await);
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").to_owned();

    // nothing is allowed from the beginning
    assert_eq!(api.get("/api/v1/cors").await.expect(200).json(), json!({"origins": []}));
    assert_eq!(allowed(&preflight(&api, PAGE).await.expect(204)), "");
    assert_eq!(allowed(&from_page(&api, Method::GET, "/api/v1/sessions", PAGE).await.expect(200)), "");

    let set = allow(&api, &["https://APP.example.com:443", "http://localhost:3000"]).await.expect(200).json();
    assert_eq!(set["origins"], json!([PAGE, "http://localhost:3000"]));
    assert_eq!(api.get("/api/v1/cors").await.expect(200).json(), set);
    let asked = preflight(&api, PAGE).await.expect(204);
    assert_eq!(allowed(&asked), PAGE);
    assert!(asked.header("access-control-allow-methods").contains("DELETE"));
    assert!(asked.header("access-control-allow-headers").contains("idempotency-key"));

    // answers and refusals are read by the page; only its own workspace counts
    for (path, status) in [("/api/v1/sessions", 200), ("/api/v1/messages/x", 404)] {
        let answer = from_page(&api, Method::GET, path, PAGE).await.expect(status);
        assert_eq!((allowed(&answer).as_str(), answer.header("vary")), (PAGE, "origin"), "{path}");
        assert!(answer.header("access-control-expose-headers").contains("retry-after"));
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(allowed(&from_page(&stranger, Method::GET, path, PAGE).await.expect(status)), "");
    }
    for origin in [OTHER, "null", "https://app.example.com.evil.example", "http://app.example.com"] {
        assert_eq!(allowed(&preflight(&api, origin).await.expect(204)), "", "{origin}");
        assert_eq!(allowed(&from_page(&api, Method::GET, "/api/v1/sessions", origin).await), "", "{origin}");
    }
    let nobody =
        from_page(&api.with_key("wg_wrong"), Method::GET, "/api/v1/sessions", PAGE).await.expect(401);
    assert_eq!(allowed(&nobody), "");
    // what another workspace allows is asked for by a preflight, and read with its key alone
    allow(&stranger, &[OTHER]).await.expect(200);
    assert_eq!(allowed(&preflight(&api, OTHER).await.expect(204)), OTHER);
    assert_eq!(allowed(&from_page(&api, Method::GET, "/api/v1/sessions", OTHER).await.expect(200)), "");
    assert_eq!(
        allowed(&from_page(&stranger, Method::GET, "/api/v1/sessions", OTHER).await.expect(200)),
        OTHER
    );

    for (bad, remedy) in
        [("*", "in full"), ("http://app.example.com", "https"), (&*format!("{PAGE}/"), "like https")]
    {
        let refused = allow(&api, &[PAGE, bad]).await.expect(422).json();
        assert_eq!(refused["field"], "origins[1]", "{refused}");
        assert!(refused["remedy"].as_str().unwrap_or_default().contains(remedy), "{refused}");
    }
    allow(&api, &[]).await.expect(200);
    eventually("it is not allowed any more", || async {
        allowed(&preflight(&api, PAGE).await.expect(204)).is_empty().then_some(())
    })
    .await;
    assert_eq!(allowed(&from_page(&api, Method::GET, "/api/v1/sessions", PAGE).await.expect(200)), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_allowed_origins_read_answers_on_sqlite() {
    pages_of_allowed_origins_read_answers(Db::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_allowed_origins_read_answers_on_postgresql() {
    pages_of_allowed_origins_read_answers(Db::Postgres).await;
}
