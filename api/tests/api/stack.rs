//! A served API on throw-away machines.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use wagate_api::{ApiLimits, ApiParts, ApiTerms, PeopleParts, Ping, PublicUrl, ReadinessCheck};
use wagate_domain::{
    Env, MessageId, SessionId,
    auth::{ApiKey, Networks, NewKey, Permissions},
    events::{Event, EventData},
    messages::{Failure, Status},
    people::{Admission, PeopleRules},
    ports::{
        ApiKeys, Claim, EventLog, Group, Lanes, Leases, Projection, SessionCalls, Sessions, Settlement,
        Verdict, Wanted, Workspaces,
    },
    sessions::{Command, CommandReply, SessionKey},
    webhooks::UrlRules,
    workspaces::{Plan, Workspace},
};
use wagate_infra::{
    config::{OutboundConfig, S3Config, Secret},
    feed::Feed,
    http::{FetchTimeouts, GuardedFetch, GuardedPost},
    memory::{LeasedLimits, RememberedKeys, RememberedSessions, RememberedStandings, RememberedWorkspaces},
    oidc::OidcProviders,
    proofs::{Argon2Passwords, JwtTokens, Strength},
    redis::{
        Redis, RedisAttempts, RedisBell, RedisCalls, RedisDepartures, RedisIdempotency, RedisLanes,
        RedisLeases, RedisLimits, RedisLog, RedisSignOuts,
    },
    s3::{EmbeddedS3, S3},
    sql::Database,
    system,
    testing::{RedisServer, eventually, ring},
};

use crate::mails::Mails;

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
    pub(crate) async fn start() -> Self {
        Self::start_with(OutboundConfig { allow_private: true, ..OutboundConfig::default() }).await
    }

    pub(crate) async fn start_with(outbound: OutboundConfig) -> Self {
        let (env, data) = (system::env(), TempDir::new().unwrap());
        let redis = RedisServer::start().await;
        let connection = redis.connect().await;
        let sql = Database::open(&format!("sqlite://{}", data.path().join("sql").display()), &ring())
            .await
            .unwrap();
        sql.migrate().await.unwrap();
        let (s3_server, s3) = object_storage(&data).await;
        let workspace = Workspace::new(env.new_id(), "first", env.now());
        Workspaces::insert(&sql, &workspace).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(RedisCalls::new(connection.clone()));
        let (all_sql, pinged) = (Arc::new(sql.clone()), connection.clone());
        let redis_ping: Ping = Box::new(move || {
            let redis = pinged.clone();
            Box::pin(async move { redis.ping().await.map_err(|error| error.to_string()) })
        });
        let sessions = RememberedSessions::fresh(all_sql.clone());
        let mails = Mails::default();
        let state = ApiParts {
            env: env.clone(),
            keys: Arc::new(RememberedKeys::new(all_sql.clone())),
            audit: all_sql.clone(),
            trusted_proxies: Networks::read("", ["127.0.0.0/8"]).unwrap(),
            sending: Arc::new(sessions.remembering()),
            sessions: Arc::new(sessions),
            calls: calls.clone(),
            messages: all_sql.clone(),
            contacts: all_sql.clone(),
            chats: all_sql.clone(),
            retention: all_sql.clone(),
            mailbox: None,
            origins: all_sql.clone(),
            exports: all_sql.clone(),
            removals: all_sql.clone(),
            deletion_grace: Duration::from_hours(1),
            media: all_sql.clone(),
            told: all_sql.clone(),
            feed: Arc::new(Feed::new(all_sql.clone(), Arc::new(RedisBell::new(connection.clone())))),
            webhooks: all_sql.clone(),
            deliveries: all_sql.clone(),
            people: people(&env, &sql, &connection, &base, mails.clone()),
            post: Arc::new(GuardedPost::new(&outbound).unwrap()),
            url_rules: UrlRules { allow_http: outbound.allow_private },
            objects: Arc::new(s3),
            lanes: Arc::new(RedisLanes::new(connection.clone())),
            fetch: Arc::new(GuardedFetch::new(&outbound, FetchTimeouts::default()).unwrap()),
            idempotency: Arc::new(RedisIdempotency::new(connection.clone())),
            default_pacing: wagate_domain::sessions::Pacing::default(),
            terms: ApiTerms {
                workspaces: Arc::new(RememberedWorkspaces::new(Arc::new(sql.clone()))),
                limits: Arc::new(LeasedLimits::new(RedisLimits::new(connection.clone(), env.clone()))),
                plan: Plan::default(),
                strangers: None,
            },
            limits: ApiLimits {
                upload: 8 * 1024 * 1024,
                live_patience: Duration::from_millis(300),
                ..ApiLimits::default()
            },
            public_url: PublicUrl::new(&base),
            readiness: [ReadinessCheck::new("redis", redis_ping)].into(),
            metrics: Arc::new(|| "wagate_up 1\n".to_owned()),
        };
        let router = wagate_api::router(state);
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
        let log = RedisLog::new(connection.clone());
        let http = reqwest::Client::new();
        let key = String::new();
        let mut stack = Self {
            env,
            redis,
            connection,
            sql,
            calls,
            mails,
            key,
            workspace,
            log,
            base,
            http,
            server,
            _s3: s3_server,
            _data: data,
        };
        stack.key = stack.new_key(&stack.workspace).await;
        stack
    }

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

    /// Appends an event as the connector does, and stores everything that waits as the worker does.
    pub(crate) async fn tell(&self, session: SessionKey, data: EventData) {
        let event = Event::new(&self.env, session, data);
        self.log.append(session, None, &[event]).await.unwrap();
        self.store().await;
    }

    /// Stores the events that wait, as the worker does.
    pub(crate) async fn store(&self) {
        while self.log.lag(Group::Store).await.unwrap() > 0 {
            let entries = self.log.read(Group::Store, "test", 100, Duration::from_secs(1)).await.unwrap();
            let events: Vec<Event> = entries.iter().filter_map(|entry| entry.event.clone()).collect();
            self.sql.apply(&events).await.unwrap();
            let positions: Vec<_> = entries.into_iter().map(|entry| entry.position).collect();
            self.log.ack(Group::Store, &positions).await.unwrap();
        }
    }

    /// Takes the session, claims the head of its lane, which must be this message, and gives it up.
    pub(crate) async fn fail(&self, session: SessionKey, message: MessageId, failure: Failure) {
        let data = EventData::MessageStatus { message, status: Status::Failed, failure: Some(failure) };
        let event = Event::new(&self.env, session, data);
        self.settle(session, message, Verdict::Done, &[event]).await;
    }

    /// Takes the session, claims the head of its lane, which must be this message, and settles it.
    pub(crate) async fn settle(
        &self,
        session: SessionKey,
        message: MessageId,
        verdict: Verdict,
        events: &[Event],
    ) {
        let (lanes, leases) =
            (RedisLanes::new(self.connection.clone()), RedisLeases::new(self.connection.clone()));
        leases.take(session, self.env.new_id(), 1).await.unwrap();
        let claim = lanes.claim(session, 1, Wanted::one(self.env.now())).await.unwrap();
        let Claim::Jobs(jobs) = claim else { panic!("nothing to claim") };
        assert_eq!(jobs.iter().map(|job| job.message.id).collect::<Vec<_>>(), [message]);
        let end = Settlement { message, verdict, events: events.to_vec() };
        lanes.settle(session, 1, &[end]).await.unwrap();
    }

    /// Answers the next command left for a session, as its owner does.
    pub(crate) async fn answer(&self, session: SessionKey, reply: CommandReply) -> Command {
        let left = || async { self.calls.next_command(session).await.unwrap() };
        let (id, command) = eventually(PATIENCE, "a command", left).await;
        self.calls.reply(session, &id, &reply).await.unwrap();
        command
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

/// People as an open installation has them.
fn people(env: &Env, sql: &Database, redis: &Redis, base: &str, mails: Mails) -> PeopleParts {
    let all_sql = Arc::new(sql.clone());
    let sign_outs = RedisSignOuts::new(redis.clone());
    let departures = RedisDepartures::new(redis.clone());
    PeopleParts {
        people: all_sql.clone(),
        standings: Arc::new(RememberedStandings::new(all_sql.clone())),
        members: all_sql.clone(),
        sign_ins: all_sql.clone(),
        factors: all_sql.clone(),
        identities: all_sql,
        providers: Arc::new(OidcProviders::new(env.clone(), &[], base, departures).unwrap()),
        tokens: Arc::new(JwtTokens::new(env.clone(), base, sql.clone(), sign_outs)),
        passwords: Arc::new(Argon2Passwords::new(env.clone(), Strength::default()).unwrap()),
        attempts: Arc::new(RedisAttempts::new(redis.clone())),
        outbox: Arc::new(mails),
        rules: PeopleRules { admission: Admission::Open, own_workspace: true, links: base.to_owned() },
    }
}

async fn object_storage(data: &TempDir) -> (EmbeddedS3, S3) {
    let secret = Secret::from("test-secret");
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = EmbeddedS3::start(&data.path().join("s3"), address, "test", &secret).await.unwrap();
    let config = S3Config {
        endpoint: Some(server.endpoint()),
        access_key: "test".to_owned(),
        secret_key: secret,
        ..S3Config::default()
    };
    (server, S3::connect(&config).await.unwrap())
}
