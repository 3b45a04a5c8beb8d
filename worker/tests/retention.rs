//! A worker on real machines deletes what its workspace does not keep any longer.

use std::{sync::Arc, time::Duration};

use wagate_domain::{
    events::{Event, EventData},
    exports::Sources,
    messages::{Priority, Status},
    ports::{Messages, Projection, Retentions, Sessions},
    retention::Retention,
    sessions::{Pacing, Session, State},
    workspaces::Plan,
};
use wagate_infra::{
    config::{OutboundConfig, S3Config, Secret},
    http::GuardedPost,
    mail::NoMail,
    redis::{Redis, RedisBell, RedisCalls, RedisDuties, RedisLanes, RedisLog, RedisTraces},
    s3::{EmbeddedS3, S3},
    sql::Database,
    system,
    testing::{RedisServer, eventually, ring, text_message},
};
use wagate_worker::{MailSettings, WebhookSettings, Worker, WorkerConfig, WorkerPorts};

#[tokio::test]
async fn the_worker_deletes_what_is_too_old() {
    let (env, folder) = (system::env(), tempfile::tempdir().unwrap());
    let server = RedisServer::start().await;
    let redis_config = server.config();
    let redis = Redis::connect(&redis_config).await.unwrap();
    let db =
        Database::open(&format!("sqlite://{}", folder.path().join("sql").display()), &ring()).await.unwrap();
    db.migrate().await.unwrap();
    let secret = Secret::from("test-secret");
    let address = "127.0.0.1:0".parse().unwrap();
    let storage = EmbeddedS3::start(&folder.path().join("s3"), address, "key", &secret).await.unwrap();
    let s3_config = S3Config {
        endpoint: Some(storage.endpoint()),
        access_key: "key".to_owned(),
        secret_key: secret,
        ..S3Config::default()
    };
    let s3 = S3::connect(&s3_config).await.unwrap();

    let now = env.now();
    let session = Session {
        id: env.new_id(),
        workspace: env.new_id(),
        name: "shop".to_owned(),
        state: State::Created,
        reason: None,
        wanted: false,
        pn: None,
        lid: None,
        push_name: None,
        epoch: 0,
        pacing: Pacing::default(),
        proxy: None,
        linked_at: None,
        created_at: now,
        updated_at: now,
    };
    let key = Sessions::insert(&db, &session).await.unwrap().key();
    let [mut old, mut young] =
        ["old", "young"].map(|body| text_message(&env, key, body, Priority::Interactive));
    (old.status, young.status) = (Status::Sent, Status::Sent);
    old.at = now.minus(Duration::from_hours(49));
    let told = [&old, &young]
        .map(|message| Event::new(&env, key, EventData::MessageAccepted(Box::new(message.clone()))));
    db.apply(&told).await.unwrap();
    let two_days = Retention { messages_days: Some(2), ..Retention::default() };
    db.put(key.workspace, &two_days).await.unwrap();

    let sql = Arc::new(db.clone());
    let ports = WorkerPorts {
        log: Arc::new(RedisLog::new(redis.clone())),
        duties: Arc::new(RedisDuties::new(redis.clone())),
        projection: sql.clone(),
        told: sql.clone(),
        bell: Arc::new(RedisBell::new(redis.clone())),
        webhooks: sql.clone(),
        deliveries: sql.clone(),
        post: Arc::new(GuardedPost::new(&OutboundConfig::default()).unwrap()),
        messages: sql.clone(),
        sessions: sql.clone(),
        lanes: Arc::new(RedisLanes::new(redis.clone())),
        retention: sql.clone(),
        workspaces: sql.clone(),
        plan: Plan::default(),
        outgoing: sql.clone(),
        mailer: Arc::new(NoMail),
        exports: sql.clone(),
        sources: sources(&sql),
        removals: sql.clone(),
        traces: Arc::new(RedisTraces::new(redis.clone())),
        calls: Arc::new(RedisCalls::new(redis.clone())),
        public_url: "http://127.0.0.1".into(),
        media: sql,
        objects: Arc::new(s3),
    };
    let hour = Duration::from_hours(1);
    let config = WorkerConfig {
        process: "test".to_owned(),
        redis_url: redis_config.url.as_ref().unwrap().expose().clone(),
        prefix: redis_config.prefix.clone(),
        sweep_every: hour,
        reconcile_every: hour,
        retention_every: hour,
        workspaces_every: hour,
        exports_kept: hour,
        audit_kept: hour * 24,
        webhooks: WebhookSettings::default(),
        mail: MailSettings::default(),
    };
    let worker = Worker::start(env, config, ports).await.unwrap();
    let gone = async || {
        let found = Messages::get(&db, key.workspace, old.id).await.unwrap();
        found.is_none().then_some(())
    };
    eventually(Duration::from_secs(60), "the old message is gone", gone).await;
    assert!(Messages::get(&db, key.workspace, young.id).await.unwrap().is_some());
    worker.stop().await;
}

fn sources(sql: &Arc<Database>) -> Sources {
    Sources {
        workspaces: sql.clone(),
        retention: sql.clone(),
        origins: sql.clone(),
        members: sql.clone(),
        keys: sql.clone(),
        webhooks: sql.clone(),
        sessions: sql.clone(),
        contacts: sql.clone(),
        chats: sql.clone(),
        messages: sql.clone(),
        told: sql.clone(),
        media: sql.clone(),
        audit: sql.clone(),
    }
}
