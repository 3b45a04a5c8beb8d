//! The machines of a test, and the API on top of them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tempfile::TempDir;
use wagate_api::{ApiLimits, ApiParts, ApiTerms, PeopleParts, Ping, PublicUrl, ReadinessCheck};
use wagate_domain::{
    Env,
    auth::Networks,
    people::{Admission, PeopleRules},
    ports::Workspaces,
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
        RedisLimits, RedisLog, RedisSignOuts,
    },
    s3::{EmbeddedS3, S3},
    sql::Database,
    system,
    testing::{RedisServer, ring},
};

use super::Stack;
use crate::{faulty::FaultyAudit, mails::Mails};

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
        let (mails, audit) = (Mails::default(), Arc::new(FaultyAudit::over(sql.clone())));
        let state = ApiParts {
            env: env.clone(),
            keys: Arc::new(RememberedKeys::new(all_sql.clone())),
            audit: audit.clone(),
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
            audit,
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
