//! What is too old goes from the record and from storage, in parts, also after an interruption.

use std::time::Duration;

use futures::{StreamExt, stream};
use tempfile::TempDir;
use wagate_domain::{
    Env, MediaId, MessageId, Timestamp, WorkspaceId,
    events::{Event, EventData},
    media::{Media, MediaState, Staging},
    messages::{Priority, Status},
    ports::{MediaIndex, MessageQuery, Messages, Objects, PortError, Projection, Retentions, Sessions},
    retention::{ApplyPorts, Bounds, Retention, apply},
    sessions::SessionKey,
    workspaces::Plan,
};
use wagate_infra::{
    config::{S3Config, Secret},
    s3::{EmbeddedS3, S3},
    sql::Database,
    system,
    testing::{ring, text_message},
};

use crate::fixtures::new_session;

const DAY: Duration = Duration::from_hours(24);

struct Keep {
    env: Env,
    db: Database,
    s3: S3,
    server: Option<EmbeddedS3>,
    folder: TempDir,
    /// What the plan of the installation allows.
    most_days: Option<u32>,
}

/// Object storage in a folder, at an address.
async fn storage(folder: &TempDir, address: &str) -> EmbeddedS3 {
    let root = folder.path().join("s3");
    EmbeddedS3::start(&root, address.parse().unwrap(), "key", &Secret::from("test-secret")).await.unwrap()
}

impl Keep {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(&format!("sqlite://{}", folder.path().join("sql").display()), &ring())
            .await
            .unwrap();
        db.migrate().await.unwrap();
        let server = storage(&folder, "127.0.0.1:0").await;
        let config = S3Config {
            endpoint: Some(server.endpoint()),
            access_key: "key".to_owned(),
            secret_key: Secret::from("test-secret"),
            ..S3Config::default()
        };
        let s3 = S3::connect(&config).await.unwrap();
        Self { env: system::env(), db, s3, server: Some(server), folder, most_days: None }
    }

    /// A run at a moment, of two steps of two.
    async fn run(&self, now: Timestamp) -> Result<u64, PortError> {
        let staging = Staging { index: &self.db, objects: &self.s3 };
        let bounds = Bounds { batch: 2, batches: 2 };
        let (retention, workspaces) = (&self.db, &self.db);
        let plan = &Plan { retention_days: self.most_days, ..Plan::default() };
        let (audit, audit_kept) = (&self.db, Duration::from_hours(400 * 24));
        apply(ApplyPorts { bounds, retention, workspaces, plan, staging, audit, audit_kept }, now).await
    }

    async fn session(&self) -> SessionKey {
        let key = SessionKey { id: self.env.new_id(), workspace: self.env.new_id() };
        Sessions::insert(&self.db, &new_session(key, self.env.now())).await.unwrap().key()
    }

    /// Messages that were sent at a moment, one more than waits.
    async fn messages(&self, session: SessionKey, count: usize, at: Timestamp, status: Status) {
        let told = (0..count).map(|_| {
            let mut message = text_message(&self.env, session, "hello", Priority::Interactive);
            (message.at, message.status) = (at, status);
            Event::new(&self.env, session, EventData::MessageAccepted(Box::new(message)))
        });
        self.db.apply(&told.collect::<Vec<_>>()).await.unwrap();
    }

    async fn file(&self, workspace: WorkspaceId, created_at: Timestamp) -> Media {
        let media = Media {
            id: self.env.new_id::<MediaId>(),
            workspace,
            session: None,
            message: None,
            staged_with: None,
            state: MediaState::Ready,
            mime: "text/plain".to_owned(),
            size: 2,
            sha256: None,
            file_name: None,
            locator: None,
            created_at,
        };
        let bytes = stream::iter([Ok("hi".into())]).boxed();
        self.s3.put(&media.object_key(), &media.mime, bytes, 9).await.unwrap();
        MediaIndex::insert(&self.db, &media).await.unwrap();
        media
    }

    async fn left(&self, workspace: WorkspaceId) -> Vec<MessageId> {
        let query = MessageQuery { limit: 99, ..MessageQuery::default() };
        let found = Messages::list(&self.db, workspace, &query).await.unwrap();
        found.into_iter().map(|message| message.id).collect()
    }
}

#[tokio::test]
async fn a_run_is_bounded_and_the_next_goes_on() {
    let keep = Keep::start().await;
    let (ours, theirs) = (keep.session().await, keep.session().await);
    let now = keep.env.now();
    let old = now.minus(8 * DAY);
    keep.messages(ours, 7, old, Status::Sent).await;
    keep.messages(ours, 1, old, Status::Accepted).await;
    keep.messages(ours, 2, now.minus(6 * DAY), Status::Sent).await;
    keep.messages(theirs, 3, old, Status::Sent).await;
    assert_eq!(keep.run(now).await.unwrap(), 0, "nobody has set anything");
    let week = Retention { messages_days: Some(7), ..Retention::default() };
    keep.db.put(ours.workspace, &week).await.unwrap();
    assert_eq!(keep.run(now).await.unwrap(), 4);
    assert_eq!(keep.run(now).await.unwrap(), 3);
    assert_eq!(keep.run(now).await.unwrap(), 0);
    assert_eq!(keep.left(ours.workspace).await.len(), 3, "one waits, two are young");
    assert_eq!(keep.left(theirs.workspace).await.len(), 3);
}

#[tokio::test]
async fn nothing_is_kept_longer_than_the_plan_says() {
    let mut keep = Keep::start().await;
    let (set, unset) = (keep.session().await, keep.session().await);
    let now = keep.env.now();
    for session in [set, unset] {
        keep.messages(session, 1, now.minus(8 * DAY), Status::Sent).await;
        keep.messages(session, 1, now.minus(6 * DAY), Status::Sent).await;
        keep.messages(session, 1, now.minus(4 * DAY), Status::Sent).await;
    }
    let five_days = Retention { messages_days: Some(5), ..Retention::default() };
    keep.db.put(set.workspace, &five_days).await.unwrap();
    keep.db.put(unset.workspace, &Retention::default()).await.unwrap();
    keep.most_days = Some(7);
    assert_eq!(keep.run(now).await.unwrap(), 3);
    assert_eq!(keep.left(set.workspace).await.len(), 1, "its own setting is shorter");
    assert_eq!(keep.left(unset.workspace).await.len(), 2, "kept for ever, as long as the plan says");
}

#[tokio::test]
async fn files_go_from_storage_too_and_an_outage_leaves_none_behind() {
    let mut keep = Keep::start().await;
    let (ours, theirs) = (keep.session().await.workspace, keep.session().await.workspace);
    let now = keep.env.now();
    let mut old = Vec::new();
    for n in 0..5 {
        old.push(keep.file(ours, now.minus(3 * DAY).plus(Duration::from_secs(n))).await);
    }
    let stay = [keep.file(ours, now).await, keep.file(theirs, now.minus(3 * DAY)).await];
    let days = Retention { media_days: Some(2), ..Retention::default() };
    keep.db.put(ours, &days).await.unwrap();
    assert_eq!(keep.run(now).await.unwrap(), 4);
    assert_eq!(keep.s3.size(&old[3].object_key()).await.unwrap(), None);

    let server = keep.server.take().unwrap();
    let address = server.endpoint().trim_start_matches("http://").to_owned();
    server.stop().await;
    let failed = keep.run(now).await;
    assert!(matches!(failed, Err(PortError::Unavailable { .. })), "{failed:?}");
    let last = MediaIndex::get(&keep.db, ours, old[4].id).await.unwrap();
    assert_eq!(last.as_ref(), Some(&old[4]), "the record knows what is left");
    keep.server = Some(storage(&keep.folder, &address).await);
    assert_eq!(keep.run(now).await.unwrap(), 1);
    for gone in &old {
        assert_eq!(MediaIndex::get(&keep.db, ours, gone.id).await.unwrap(), None);
        assert_eq!(keep.s3.size(&gone.object_key()).await.unwrap(), None);
    }
    for media in &stay {
        assert_eq!(MediaIndex::get(&keep.db, media.workspace, media.id).await.unwrap().as_ref(), Some(media));
        assert_eq!(keep.s3.size(&media.object_key()).await.unwrap(), Some(2));
    }
}
