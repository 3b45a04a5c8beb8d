//! An OpenID provider that we did not write (npm's oidc-provider), and somebody with a browser.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use reqwest::{Client, Method, Response, Url, header, redirect::Policy};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use wagate_infra::config::{ProviderConfig, Secret};

/// Where it sends people back to; nobody listens there.
const APP: &str = "https://app.example.com";
/// Most pages between us and the way back.
const PAGES: usize = 12;

/// A running provider; ends when dropped. Everybody has an account there, with any password.
#[derive(Debug)]
pub struct OpenIdProvider {
    issuer: String,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// It ends when its standard input does.
    _program: Child,
}

impl OpenIdProvider {
    /// Starts on a free port.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        let folder = folder();
        let installed = folder.join("node_modules/oidc-provider").exists();
        assert!(installed, "no oidc-provider in tests/people: run scripts/foreign-clients (make test does)");
        let mut command = Command::new("node");
        command.arg("provider.mjs").arg(format!("{APP}/account/providers/test")).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut program = command.spawn().expect("node: run scripts/need node (make test does)");
        let mut output = BufReader::new(program.stdout.take().expect("piped")).lines();
        let line = output.next_line().await.expect("a line").unwrap_or_default();
        let issuer = line.strip_prefix("listening on ").expect("provider.mjs listens").to_owned();
        Self { issuer, input: program.stdin.take().expect("piped"), output, _program: program }
    }

    /// Settings that lead to it, under the id `test`.
    #[must_use]
    pub fn config(&self) -> ProviderConfig {
        ProviderConfig {
            id: "test".to_owned(),
            name: "Test & Söhne".to_owned(),
            issuer: self.issuer.clone(),
            client_id: "wagate".to_owned(),
            client_secret: Secret::from("p%ss word"),
            ..ProviderConfig::default()
        }
    }

    /// What `people.links` has to be for it to send people back.
    #[must_use]
    pub fn links(&self) -> String {
        APP.to_owned()
    }

    /// Signs with another key from now on, and shows that one only.
    pub async fn rotate(&mut self) {
        self.told("rotate").await;
    }

    /// Breaks every connection off from now on, or answers again.
    pub async fn silence(&mut self, silent: bool) {
        self.told(if silent { "silence" } else { "speech" }).await;
    }

    async fn told(&mut self, what: &str) {
        self.input.write_all(format!("{what}\n").as_bytes()).await.expect("it reads");
        // it says other things there, too
        while self.output.next_line().await.expect("text").expect("it lives") != format!("done: {what}") {}
    }

    /// Goes where the gateway sends a browser, signs in there and agrees; what the browser comes back with.
    ///
    /// # Panics
    /// When it does not come back.
    pub async fn browse(&self, url: &str, login: &str) -> HashMap<String, String> {
        let mut browser = Browser::new();
        let (mut method, mut next, mut form) = (Method::GET, Url::parse(url).expect("a URL"), Vec::new());
        for _ in 0..PAGES {
            let page = browser.load(method, next.clone(), &form).await;
            if let Some(location) = page.headers().get(header::LOCATION) {
                next = next.join(location.to_str().expect("text")).expect("a URL");
                if next.as_str().starts_with(APP) {
                    return next.query_pairs().into_owned().collect();
                }
                (method, form) = (Method::GET, Vec::new());
            } else {
                let text = page.text().await.expect("a page");
                let prompt =
                    text.split(r#"name="prompt" value=""#).nth(1).and_then(|rest| rest.split('"').next());
                let prompt = prompt.unwrap_or_else(|| panic!("no form at {next}: {text}")).to_owned();
                form = vec![("prompt", prompt), ("login", login.to_owned()), ("password", "any".to_owned())];
                method = Method::POST;
            }
        }
        panic!("still at {next} after {PAGES} pages")
    }
}

/// A browser, as far as one is needed: it keeps cookies, and follows nothing by itself.
struct Browser {
    http: Client,
    cookies: HashMap<String, String>,
}

impl Browser {
    fn new() -> Self {
        let http = Client::builder().redirect(Policy::none()).build().expect("a client");
        Self { http, cookies: HashMap::new() }
    }

    async fn load(&mut self, method: Method, url: Url, form: &[(&str, String)]) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, url).header(header::COOKIE, cookies.join("; "));
        let request = if form.is_empty() { request } else { request.form(form) };
        let page = request.send().await.expect("the provider answers");
        for cookie in page.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        page
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("people")
}
