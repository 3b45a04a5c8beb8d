//! A session reaches WhatsApp by its proxy: proxies that we did not write say so themselves.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;
use wagate_tests::{Api, Stack, eventually};

const SHOP: &str = "6281200000001";
const AYU: &str = "6281234567890";
const USER: &str = "shop";

/// A proxy that asks for [`USER`] and a password.
struct Proxy {
    scheme: &'static str,
    /// As it stands in an address.
    password: &'static str,
    /// What is said of a wrong one.
    refusal: &'static str,
    port: u16,
    log: PathBuf,
    _process: Process,
}

/// A program with its folder. Ended when it is dropped.
struct Process {
    child: Child,
    _folder: TempDir,
}

impl Proxy {
    /// microsocks: SOCKS5.
    async fn socks(scheme: &'static str) -> Self {
        let proxy = Self::start("microsocks", |port, _| {
            ["-i", "127.0.0.1", "-p", port, "-u", USER, "-P", "p@ss:word"].map(str::to_owned).to_vec()
        });
        let refusal = "refuses the user or the password";
        Self { scheme, password: "p%40ss%3Aword", refusal, ..proxy.await }
    }

    /// tinyproxy: HTTP CONNECT.
    async fn http() -> Self {
        let proxy = Self::start("tinyproxy", |port, folder| {
            let file = folder.path().join("tinyproxy.conf");
            let text =
                format!("Listen 127.0.0.1\nPort {port}\nLogLevel Connect\nBasicAuth {USER} pass.word-1\n");
            std::fs::write(&file, text).expect("a file");
            ["-d".to_owned(), "-c".to_owned(), file.display().to_string()].to_vec()
        });
        Self { password: "pass.word-1", refusal: "does not let the connection through", ..proxy.await }
    }

    async fn start(program: &str, arguments: impl Fn(&str, &TempDir) -> Vec<String>) -> Self {
        let folder = TempDir::with_prefix("wagate-proxy-").expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let log = folder.path().join("log");
        let file = std::fs::File::create(&log).expect("a log");
        let started = Command::new(program)
            .args(arguments(&port.to_string(), &folder))
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log"))
            .stderr(file)
            .spawn();
        let child = started.unwrap_or_else(|error| {
            panic!("{program} does not start ({error}): run scripts/need {program} (make test does)")
        });
        eventually(&format!("{program} listens"), || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        let process = Process { child, _folder: folder };
        Self { scheme: "http", password: "", refusal: "", port, log, _process: process }
    }

    fn url(&self, password: &str) -> String {
        format!("{}://{USER}:{password}@127.0.0.1:{}", self.scheme, self.port)
    }

    /// Waits until the proxy says that it has connected somebody to a port.
    async fn has_led_to(&self, port: &str) {
        let place = format!(":{port}");
        eventually(&format!("{} leads to {place}", self.scheme), || async {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let told = |line: &str| line.to_lowercase().contains("connect") && line.contains(&place);
            log.lines().any(told).then_some(())
        })
        .await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn port_of(url: &str) -> String {
    let after = url.rsplit(':').next().expect("a port");
    after.chars().take_while(char::is_ascii_digit).collect()
}

async fn set(api: &Api, session: &str, proxy: &Value) -> Value {
    api.patch(&format!("/api/v1/sessions/{session}"), &json!({"proxy": proxy})).await.expect(200).json()
}

async fn works_by(proxy: Proxy) {
    let stack = Stack::sqlite().await;
    let (api, wire) = (stack.api(), stack.up().sandbox().wire_url());
    let body = json!({"name": "behind a proxy", "proxy": {"url": proxy.url(proxy.password)}});
    let made = api.post("/api/v1/sessions", &body).await.expect(201).json();
    let session = made["id"].as_str().expect("an id").to_owned();
    let shown =
        json!({"url": format!("{}://127.0.0.1:{}", proxy.scheme, proxy.port), "has_credentials": true});
    assert_eq!(made["proxy"], shown, "{made}");
    let (shop, ayu) = (stack.phone(SHOP, "Toko Kopi").await, stack.phone(AYU, "Ayu").await);
    shop.scan(&api.qr(&session).await).await;
    api.session_in(&session, "connected").await;
    proxy.has_led_to(&port_of(&wire)).await;
    api.text(&session, AYU, "by the proxy").await;
    ayu.shows_text("by the proxy").await;

    // files take the same way
    let jpeg = STANDARD.encode([b"\xff\xd8\xff\xe0\x00\x10JFIF\x00".as_slice(), &[7; 5_000]].concat());
    let image = json!({"to": AYU, "type": "image", "image": {"base64": jpeg, "mimetype": "image/jpeg"}});
    api.message(&session, &image).await;
    ayu.shows("an image", |message| message["type"] == "image").await;
    let media = stack.up().sandbox().media_http_addr().port().to_string();
    proxy.has_led_to(&media).await;

    // one that refuses us is named, with what is wrong; what was accepted meanwhile waits
    let changed = set(&api, &session, &json!({"url": proxy.url("wrong")})).await;
    assert_eq!(changed["proxy"], shown);
    let path = format!("/api/v1/sessions/{session}");
    let refused = eventually("the proxy's refusal is told", || async {
        let session = api.get(&path).await.expect(200).json();
        (session["reason"]["code"] == "proxy_failed").then_some(session)
    })
    .await;
    assert_eq!(refused["state"], "reconnecting", "{refused}");
    let message = refused["reason"]["message"].as_str().expect("words");
    assert!(message.contains(proxy.refusal), "{message}");
    assert!(!refused.to_string().contains("wrong"), "{refused}");
    let health = api.get(&format!("{path}/health")).await.expect(200).json();
    assert!(health.to_string().contains("proxy_failed"), "{health}");
    api.text(&session, AYU, "waits").await;

    set(&api, &session, &Value::Null).await;
    let straight = api.session_in(&session, "connected").await;
    assert_eq!((&straight["proxy"], &straight["reason"]), (&Value::Null, &Value::Null), "{straight}");
    ayu.shows_text("waits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn socks5() {
    works_by(Proxy::socks("socks5").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn socks5h() {
    works_by(Proxy::socks("socks5h").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http() {
    works_by(Proxy::http().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_proxy_is_refused() {
    let stack = Stack::guarded().await;
    let api = stack.api();
    let session = api.post("/api/v1/sessions", &json!({"start": false})).await.expect(201).json();
    assert_eq!(session["proxy"], Value::Null);
    let path = format!("/api/v1/sessions/{}", session["id"].as_str().expect("an id"));
    for url in
        ["ftp://proxy.example.com", "socks5://", "socks5://user:secret@10.0.0.1:1080", "http://[::1]:3128"]
    {
        let body = json!({"proxy": {"url": url}});
        for answer in [api.post("/api/v1/sessions", &body).await, api.patch(&path, &body).await] {
            let problem = answer.expect(422).json();
            assert!(problem.to_string().contains("proxy.url"), "{problem}");
            assert!(!problem.to_string().contains("secret"), "{problem}");
        }
    }
    api.patch(&path, &json!({"proxy": {"url": "socks5://proxy.example.com"}})).await.expect(200);
}
