//! A workspace full of everything, put there by those who put it there in life.

use std::{collections::BTreeMap, io::Read, time::Duration};

use bytes::Bytes;
use flate2::read::GzDecoder;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use wagate_domain::{
    MessageId, UserId, WorkspaceId,
    audit::{AuditActor, AuditEntry, Outcome},
    auth::{Actor, ApiKey, NewKey, Principal, Role},
    events::{Event, EventData, EventKind},
    exports::Export,
    limits::{Payer, Rate},
    media::{Media, MediaState, StageMedia, Staging, stage},
    messages::{Direction, Message, Priority, Status},
    people::{Invitation, Person, TokenHash},
    ports::{
        Accept, ApiKeys, AuditLog, AuditQuery, ChatQuery, Chats, ContactQuery, Contacts, EventLog,
        Idempotency, Lanes, Leases, Limits, MediaIndex, Members, Messages, Newcomer, Objects, Origins,
        People, Projection, Retentions, SessionCalls, Sessions, StoredAnswer, ToldEvents, ToldQuery, Unless,
        Webhooks,
    },
    retention::Retention,
    sessions::{Command, CommandReply, Pairing, Proxy, Session, SessionKey, State},
    webhooks::{SigningSecret, Webhook},
    workspaces::{Plan, Workspace},
};
use wagate_infra::{
    config::OutboundConfig,
    http::GuardedPost,
    redis::{RedisCalls, RedisIdempotency, RedisLanes, RedisLeases, RedisLimits},
    testing::{new_session, text_message},
};

use crate::machines::Machines;

/// A workspace, and what to look for of it.
pub(crate) struct Tenant {
    pub(crate) id: WorkspaceId,
    pub(crate) session: SessionKey,
    owner: UserId,
    messages: Vec<MessageId>,
    others: Vec<String>,
    secrets: Vec<String>,
}

impl Tenant {
    pub(crate) async fn make(machines: &Machines, number: &str) -> Self {
        let Machines { env, db, .. } = machines;
        let workspace = Workspace::new(env.new_id(), "Acme", env.now());
        let owner = person(machines, number);
        let newcomer = Newcomer { person: &owner, own: Some(&workspace), code: None, identity: None };
        db.admit(newcomer, env.now()).await.unwrap();
        let session = session(machines, workspace.id);
        Sessions::insert(db, &session).await.unwrap();
        let mut tenant = Self {
            id: workspace.id,
            session: session.key(),
            owner: owner.id,
            messages: Vec::new(),
            others: Vec::new(),
            secrets: vec!["hunter2".to_owned()],
        };
        tenant.sets(machines).await;
        tenant.lets_in(machines).await;
        tenant.writes(machines, number).await;
        tenant.leaves_keys(machines).await;
        tenant
    }

    async fn sets(&mut self, machines: &Machines) {
        let Machines { env, db, .. } = machines;
        Retentions::put(db, self.id, &Retention { messages_days: Some(90), ..Retention::default() })
            .await
            .unwrap();
        Origins::put(db, self.id, &["https://example.com".to_owned()]).await.unwrap();
        let secret = SigningSecret::generate(env);
        self.secrets.extend([secret.expose().to_owned(), "for-the-endpoint-alone".to_owned()]);
        let webhook = Webhook {
            id: env.new_id(),
            workspace: self.id,
            session: None,
            url: "https://example.com/hook".to_owned(),
            description: None,
            events: Vec::new(),
            headers: vec![("authorization".to_owned(), "for-the-endpoint-alone".to_owned())],
            secrets: vec![secret],
            notify_email: None,
            // nobody is to be posted to here
            enabled: false,
            disabled: None,
            cursor: 0,
            failing_since: None,
            created_at: env.now(),
            updated_at: env.now(),
        };
        Webhooks::insert(db, &webhook, 10).await.unwrap();
        let entry = AuditEntry {
            id: env.new_id(),
            workspace: Some(self.id),
            at: env.now(),
            actor: AuditActor::Console,
            address: None,
            request_id: None,
            action: "webhook.created".to_owned(),
            outcome: Outcome::Done,
            target: Some(webhook.id.to_string()),
            before: None,
            after: None,
        };
        AuditLog::insert(db, &entry).await.unwrap();
        self.others.push(webhook.id.to_string());
    }

    async fn lets_in(&mut self, machines: &Machines) {
        let Machines { env, db, .. } = machines;
        let (key, secret) = ApiKey::generate(env, self.id, NewKey::mighty("shop"));
        ApiKeys::insert(db, &key).await.unwrap();
        let token = format!("token-for-{}", self.id);
        let invitation = Invitation {
            id: env.new_id(),
            workspace: self.id,
            address: "budi@example.com".parse().unwrap(),
            role: Role::Agent,
            by: Some(self.owner),
            created_at: env.now(),
            expires_at: env.now().plus(Duration::from_hours(1)),
        };
        Members::invite(db, &invitation, &TokenHash::from(token.clone())).await.unwrap();
        self.secrets.extend([secret.expose().to_owned(), key.hash.clone(), token]);
        self.others.extend([key.id.to_string(), invitation.id.to_string()]);
    }

    /// Messages that wait, one that came in with a file, and one that is sent with another.
    async fn writes(&mut self, machines: &Machines, number: &str) {
        let Machines { env, db, .. } = machines;
        let linked = EventData::SessionLinked { pn: number.to_owned(), lid: None, push_name: None };
        self.tell(machines, linked).await;
        self.tell(machines, EventData::SessionStatus { state: State::Connected, reason: None }).await;
        let lanes = RedisLanes::new(machines.redis.clone());
        for text in ["first", "second"] {
            let message = text_message(env, self.session, text, Priority::Bulk);
            self.messages.push(message.id);
            let event = Event::new(env, self.session, EventData::MessageAccepted(Box::new(message.clone())));
            lanes.accept(self.session, &[Accept { message, event, unless: Unless::Known }]).await.unwrap();
        }
        let staging = Staging { index: db, objects: &machines.s3 };
        let caller = Principal { workspace: self.id, actor: Actor::Person(self.owner) };
        let file = || stream::iter([Ok(Bytes::from_static(b"a file"))]).boxed();
        let wish =
            || StageMedia { mime: "image/png".to_owned(), file_name: None, max_bytes: 100, seed: None };
        stage(env, staging, caller, wish(), file()).await.unwrap();
        let mut message = text_message(env, self.session, "came in", Priority::Interactive);
        (message.direction, message.status) = (Direction::In, Status::Received);
        self.messages.push(message.id);
        let media = Media {
            id: env.new_id(),
            workspace: self.id,
            session: Some(self.session.id),
            message: Some(message.id),
            staged_with: None,
            state: MediaState::Pending,
            mime: "image/png".to_owned(),
            size: 6,
            sha256: None,
            file_name: None,
            locator: Some(serde_json::json!({"key": "opens-it-at-whatsapp"})),
            created_at: env.now(),
        };
        self.secrets.push("opens-it-at-whatsapp".to_owned());
        machines.s3.put(&media.object_key(), &media.mime, file(), 100).await.unwrap();
        let (message, media) = (Box::new(message), Some(Box::new(media)));
        self.tell(machines, EventData::MessageReceived { message, media, history: false }).await;
    }

    async fn leaves_keys(&self, machines: &Machines) {
        let Machines { env, redis, .. } = machines;
        let memory = RedisIdempotency::new(redis.clone());
        memory.begin(self.id, "once", "body", env.ulid()).await.unwrap();
        let answer = StoredAnswer { status: 201, body: "{}".to_owned() };
        memory.finish(self.id, "once", &answer).await.unwrap();
        let slow = Rate { amount: 1, seconds: 3_600, burst: 9 };
        let plan = Plan {
            messages_per_day: Some(9),
            requests: Some(slow),
            sends_per_session: Some(slow),
            ..Plan::default()
        };
        let (limits, payer) = (RedisLimits::new(redis.clone(), env.clone()), Payer::Workspace(self.id));
        limits.take(payer, &plan.for_messages(self.session.id, 1)).await.unwrap();
        limits.take(payer, &plan.for_request(Actor::Person(self.owner))).await.unwrap();
        let calls = RedisCalls::new(redis.clone());
        let pairing =
            Pairing::Qr { code: "2@code".to_owned(), expires_at: env.now().plus(Duration::from_hours(1)) };
        calls.offer(self.session, Some(&pairing)).await.unwrap();
        calls.offered(self.session).await.unwrap();
        let leases = RedisLeases::new(redis.clone());
        leases.take(self.session, env.new_id(), 1).await.unwrap();
    }

    async fn tell(&self, machines: &Machines, data: EventData) {
        let event = Event::new(&machines.env, self.session, data);
        machines.log.append(self.session, None, &[event]).await.unwrap();
    }

    /// Many more messages on record.
    pub(crate) async fn says_much(&self, machines: &Machines, messages: usize) {
        let said = (0..messages).map(|n| {
            let message = text_message(&machines.env, self.session, &format!("no. {n}"), Priority::Bulk);
            let message = Message { status: Status::Sent, ..message };
            Event::new(&machines.env, self.session, EventData::MessageAccepted(Box::new(message)))
        });
        machines.db.apply(&said.collect::<Vec<_>>()).await.unwrap();
    }

    /// What stands for this workspace wherever it is.
    pub(crate) fn ids(&self) -> Vec<String> {
        let messages = self.messages.iter().map(ToString::to_string);
        [self.id.to_string(), self.session.id.to_string()]
            .into_iter()
            .chain(messages)
            .chain(self.others.clone())
            .collect()
    }

    /// Something, once all that was told is on record.
    pub(crate) async fn stored(&self, machines: &Machines) -> Option<()> {
        let found = Messages::get_many(&machines.db, self.id, &self.messages).await.unwrap();
        (found.len() == self.messages.len()).then_some(())
    }

    pub(crate) async fn has_account(&self, machines: &Machines) -> bool {
        People::get(&machines.db, self.owner).await.unwrap().is_some()
    }

    /// Plays the connector that holds the session once more: it is asked to log out, and does.
    pub(crate) async fn is_logged_out(&self, machines: &Machines) {
        let calls = RedisCalls::new(machines.redis.clone());
        let asked = async || calls.next_command(self.session).await.unwrap();
        let (id, command) = wagate_infra::testing::eventually(crate::PATIENCE, "a command", asked).await;
        assert_eq!(command, Command::Logout);
        let held = machines.db.wanted().await.unwrap();
        assert!(held.iter().any(|session| session.key() == self.session), "connectors may hold it");
        let waiting = RedisLanes::new(machines.redis.clone()).depth(self.session).await.unwrap();
        assert_eq!(waiting.bulk, 0, "nothing that waited goes out");
        self.tell(machines, EventData::SessionUnlinked {}).await;
        calls.reply(self.session, &id, &CommandReply::Done).await.unwrap();
    }

    /// How many lines of each kind an export made now has.
    pub(crate) async fn counts(&self, machines: &Machines) -> BTreeMap<String, usize> {
        let (db, limit) = (&machines.db, 1_000);
        let kinds: Vec<_> =
            EventKind::ALL.iter().copied().filter(|kind| *kind != EventKind::SessionQr).collect();
        let told = ToldQuery { kinds, limit, ..ToldQuery::default() };
        [
            ("workspace", 1),
            ("settings", 1),
            ("member", 1),
            ("invitation", 1),
            ("key", 1),
            ("webhook", 1),
            ("session", 1),
            ("contact", contacts(machines, self.id).await),
            (
                "chat",
                Chats::list(db, self.id, &ChatQuery { limit, ..ChatQuery::default() }).await.unwrap().len(),
            ),
            ("message", self.messages.len()),
            ("event", ToldEvents::list(db, self.id, &told).await.unwrap().len()),
            ("media", MediaIndex::list(db, self.id, None, limit).await.unwrap().len()),
            (
                "audit",
                AuditLog::list(db, Some(self.id), &AuditQuery { limit, ..AuditQuery::default() })
                    .await
                    .unwrap()
                    .len(),
            ),
        ]
        .into_iter()
        .map(|(kind, lines)| (kind.to_owned(), lines))
        .collect()
    }

    /// Judges the export of it: so many lines of each kind, and no secret in any.
    pub(crate) async fn is_told_by(
        &self,
        machines: &Machines,
        export: &Export,
        expected: &BTreeMap<String, usize>,
    ) {
        let lines = lines(machines, export).await;
        assert_eq!(lines.len() as u64, export.lines);
        let mut found = BTreeMap::new();
        for line in &lines {
            *found.entry(line["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
        assert_eq!(&found, expected);
        assert_eq!((&lines[0]["kind"], &lines[0]["id"]), (&"workspace".into(), &self.id.to_string().into()));
        let text = lines.iter().map(Value::to_string).collect::<String>();
        for said in ["first", "second", "came in", "https://example.com/hook"] {
            assert!(text.contains(said), "{said}");
        }
        for secret in &self.secrets {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

async fn contacts(machines: &Machines, workspace: WorkspaceId) -> usize {
    let query = ContactQuery { limit: 1_000, ..ContactQuery::default() };
    Contacts::list(&machines.db, workspace, &query).await.unwrap().len()
}

/// The lines of an export's file.
pub(crate) async fn lines(machines: &Machines, export: &Export) -> Vec<Value> {
    let bytes = machines.s3.get(&export.object_key()).await.unwrap().expect("a file");
    let bytes: Vec<u8> = bytes.map_ok(|part| part.to_vec()).try_concat().await.unwrap();
    let mut text = String::new();
    GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn person(machines: &Machines, number: &str) -> Person {
    Person {
        id: machines.env.new_id(),
        address: format!("{number}@example.com").parse().unwrap(),
        name: "Ayu".to_owned(),
        password: None,
        operator: false,
        disabled_at: None,
        created_at: machines.env.now(),
    }
}

fn session(machines: &Machines, workspace: WorkspaceId) -> Session {
    let guard =
        GuardedPost::new(&OutboundConfig { allow_private: true, ..OutboundConfig::default() }).unwrap();
    let proxy = Proxy::read(&guard, "socks5://user:hunter2@127.0.0.1:1080").unwrap();
    let key = SessionKey { workspace, id: machines.env.new_id() };
    Session { proxy: Some(proxy), ..new_session(key, machines.env.now()) }
}
