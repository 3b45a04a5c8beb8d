//! A served API on throw-away machines.

mod roles;
mod start;

use std::{sync::Arc, time::Duration};

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use wagate_domain::{
    Env, SessionId,
    auth::{ApiKey, NewKey, Permissions},
    events::EventData,
    ports::{ApiKeys, Sessions, Workspaces},
    sessions::SessionKey,
    workspaces::Workspace,
};
use wagate_infra::{
    redis::{Redis, RedisCalls, RedisLog},
    s3::EmbeddedS3,
    sql::Database,
    testing::RedisServer,
};

use crate::{faulty::FaultyAudit, mails::Mails};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Everything a test needs; ends with it.
pub(crate) struct Stack {
    pub(crate) env: Env,
    pub(crate) redis: RedisServer,
    pub(crate) connection: Redis,
    pub(crate) sql: Database,
    pub(crate) calls: Arc<RedisCalls>,
    pub(crate) mails: Mails,
    pub(crate) audit: Arc<FaultyAudit>,
    pub(crate) key: String,
    pub(crate) workspace: Workspace,
    log: RedisLog,
    base: String,
    http: reqwest::Client,
    server: JoinHandle<()>,
    _s3: EmbeddedS3,
    _data: TempDir,
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| panic!("{}: {}", self.status, String::from_utf8_lossy(&self.bytes)))
    }

    /// The body, when the status is as expected.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// The body, when it is a problem with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{body}");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{body}");
        body
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Stack {
    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A key of a workspace.
    pub(crate) async fn new_key(&self, workspace: &Workspace) -> String {
        let (key, secret) = ApiKey::generate(&self.env, workspace.id, NewKey::mighty("test"));
        ApiKeys::insert(&self.sql, &key).await.unwrap();
        secret.expose().to_owned()
    }

    /// A key of the first workspace that may do this.
    pub(crate) async fn scoped(&self, scopes: Permissions) -> String {
        self.key_with(|key| key.scopes = scopes).await
    }

    /// A key of the first workspace, changed.
    pub(crate) async fn key_with(&self, change: impl FnOnce(&mut ApiKey)) -> String {
        let (mut key, secret) = ApiKey::generate(&self.env, self.workspace.id, NewKey::mighty("changed"));
        change(&mut key);
        ApiKeys::insert(&self.sql, &key).await.unwrap();
        secret.expose().to_owned()
    }

    /// A key of another workspace.
    pub(crate) async fn stranger(&self) -> String {
        let workspace = Workspace::new(self.env.new_id(), "other", self.env.now());
        Workspaces::insert(&self.sql, &workspace).await.unwrap();
        self.new_key(&workspace).await
    }

    /// A request without a key; `path` starts with a slash.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// A request with the first workspace's key.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    /// A POST under an idempotency key.
    pub(crate) async fn post_once(&self, path: &str, body: &Value, key: &str) -> Answer {
        send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }

    /// A session, not linked.
    pub(crate) async fn session(&self) -> (String, SessionKey) {
        let made = self.post("/api/v1/sessions", &serde_json::json!({})).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let key = SessionKey { workspace: self.workspace.id, id: id.parse::<SessionId>().unwrap() };
        (id, key)
    }

    /// A session whose account the record knows.
    pub(crate) async fn linked_session(&self) -> (String, SessionKey) {
        let (id, key) = self.session().await;
        let pn = "6281200000001".to_owned();
        self.tell(key, EventData::SessionLinked { pn, lid: None, push_name: None }).await;
        (id, key)
    }

    /// Waits until the clock shows another millisecond: what happens within one has no order in time.
    pub(crate) async fn next_moment(&self) {
        let before = self.env.now();
        while self.env.now() <= before {
            tokio::task::yield_now().await;
        }
    }

    /// What the API makes of a JSON request, for leaving an attempt that never ended.
    pub(crate) fn fingerprint(&self, request: &str, body: &Value) -> String {
        let hash = |parts: &[&str]| {
            let mut hash = Sha256::new();
            for part in parts {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
            hex::encode(hash.finalize())
        };
        let digest = hex::encode(Sha256::digest(body.to_string()));
        hash(&[request, &hash(&[&digest])])
    }

    /// The session on record.
    pub(crate) async fn recorded(&self, session: SessionKey) -> Option<wagate_domain::sessions::Session> {
        Sessions::get(&self.sql, session.workspace, session.id).await.unwrap()
    }
}

/// Sends a request and reads the answer whole.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}
