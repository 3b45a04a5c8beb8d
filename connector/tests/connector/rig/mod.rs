//! Everything a connector needs, for one test.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wagate_connector::{
    BackendFactory, Connector, ConnectorConfig, ConnectorHandle, ConnectorPorts, Network, SandboxNetwork,
    SqlBackends,
};
use wagate_domain::{
    Env, MessageId, WorkspaceId,
    auth::{Actor, Principal},
    events::{Event, EventData},
    limits::Terms,
    messages::{Body, Message, Priority, SendMessage, SendPorts, Status, send},
    ports::{EventLog, Group, Leases, Projection, SessionCalls, Sessions, Workspaces},
    sessions::{
        Command, CommandReply, CreatePorts, CreateSession, Pairing, Session, SessionKey, State, create,
    },
    workspaces::{Plan, Workspace},
};
use wagate_infra::{
    config::S3Config,
    redis::{Redis, RedisCalls, RedisLanes, RedisLeases, RedisLimits, RedisLog, RedisPolls},
    s3::{EmbeddedS3, S3},
    sql::Database,
    testing::{RedisServer, ring},
};
use wagate_sandbox::{Sandbox, SandboxConfig};

use crate::wire::Wire;

mod phones;

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// What the event log has told so far, and a bell for what comes next.
#[derive(Default)]
struct Told {
    /// Held while SQL and `events` take over what was read: nobody sees the one without the other.
    taking: tokio::sync::Mutex<()>,
    events: Mutex<Vec<Event>>,
    bell: Notify,
}

/// A stack without a connector; tests start as many as they need.
pub(crate) struct Rig {
    pub(crate) env: Env,
    pub(crate) sandbox: Sandbox,
    pub(crate) db: Database,
    pub(crate) redis: RedisServer,
    pub(crate) objects: S3,
    connection: Redis,
    s3: Option<EmbeddedS3>,
    caller: Principal,
    plan: Plan,
    told: Arc<Told>,
    stop: CancellationToken,
    folder: TempDir,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        let env = wagate_infra::system::env();
        let folder = tempfile::tempdir().expect("folder");
        let redis = RedisServer::start().await;
        let connection = redis.connect().await;
        let url = format!("sqlite://{}", folder.path().join("wagate.db").display());
        let db = Database::open(&url, &ring()).await.expect("database");
        db.migrate().await.expect("migration");
        let sandbox = Sandbox::start(SandboxConfig::new(folder.path())).await.expect("sandbox");
        let s3 = object_store(&folder, ([127, 0, 0, 1], 0).into()).await;
        let config = S3Config { endpoint: Some(s3.endpoint()), ..S3Config::default() };
        let objects = S3::connect(&config).await.expect("bucket");
        let caller = Principal { workspace: env.new_id::<WorkspaceId>(), actor: Actor::Key(env.new_id()) };
        let workspace = Workspace::new(caller.workspace, "test", env.now());
        Workspaces::insert(&db, &workspace).await.expect("workspace");
        let rig = Self {
            env,
            sandbox,
            db,
            redis,
            objects,
            connection,
            s3: Some(s3),
            caller,
            plan: Plan::default(),
            told: Arc::default(),
            stop: CancellationToken::new(),
            folder,
        };
        rig.read_the_log();
        rig
    }

    /// Stands in for the worker: event log → SQL, and our own record of what was told.
    fn read_the_log(&self) {
        let (told, stop) = (Arc::clone(&self.told), self.stop.clone());
        let (log, db) = (RedisLog::new(self.connection.clone()), self.db.clone());
        let reading = async move {
            loop {
                let read = log.read(Group::Store, "rig", 100, Duration::from_millis(100)).await;
                // Redis may be away on purpose
                let Ok(entries) = read else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let events: Vec<Event> = entries.iter().filter_map(|entry| entry.event.clone()).collect();
                let taking = told.taking.lock().await;
                db.apply(&events).await.expect("projection");
                told.events.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
                drop(taking);
                told.bell.notify_waiters();
                let positions: Vec<_> = entries.into_iter().map(|entry| entry.position).collect();
                // what is not acknowledged is applied again, to no effect
                let _ = log.ack(Group::Store, &positions).await;
            }
        };
        tokio::spawn(async move { stop.run_until_cancelled(reading).await });
    }

    pub(crate) fn ports(&self) -> ConnectorPorts {
        let redis = &self.connection;
        ConnectorPorts {
            sessions: Arc::new(self.db.clone()),
            leases: Arc::new(self.leases()),
            calls: Arc::new(self.calls()),
            polls: Arc::new(RedisPolls::new(redis.clone())),
            messages: Arc::new(self.db.clone()),
            lanes: Arc::new(self.lanes()),
            log: Arc::new(RedisLog::new(redis.clone())),
            objects: Arc::new(self.objects.clone()),
            media: Arc::new(self.db.clone()),
        }
    }

    pub(crate) fn calls(&self) -> RedisCalls {
        RedisCalls::new(self.connection.clone())
    }

    pub(crate) fn leases(&self) -> RedisLeases {
        RedisLeases::new(self.connection.clone())
    }

    pub(crate) fn lanes(&self) -> RedisLanes {
        RedisLanes::new(self.connection.clone())
    }

    pub(crate) fn log(&self) -> RedisLog {
        RedisLog::new(self.connection.clone())
    }

    pub(crate) fn caller(&self) -> Principal {
        self.caller
    }

    pub(crate) fn config(&self) -> ConnectorConfig {
        let network = Network::Sandbox(SandboxNetwork {
            ws_url: self.sandbox.wire_url(),
            media_https_host: self.sandbox.media_https_host(),
            media_http_addr: self.sandbox.media_http_addr(),
        });
        ConnectorConfig {
            temp_dir: self.folder.path().to_owned(),
            poll_interval: Duration::from_millis(200),
            lease_ttl: Duration::from_secs(3),
            ..ConnectorConfig::new(network)
        }
    }

    /// A cable to the network and a connector at the other end of it.
    pub(crate) async fn wired(&self) -> (Wire, ConnectorHandle) {
        let url = self.sandbox.wire_url();
        let target = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let wire = Wire::to(target.to_owned()).await;
        let mut config = self.config();
        if let Network::Sandbox(network) = &mut config.network {
            network.ws_url = wire.url();
        }
        config.ack_timeout = Duration::from_secs(2);
        (wire, self.connector_with(config))
    }

    pub(crate) fn connector(&self) -> ConnectorHandle {
        self.connector_with(self.config())
    }

    pub(crate) fn connector_with(&self, config: ConnectorConfig) -> ConnectorHandle {
        self.connector_on(config, self.ports())
    }

    pub(crate) fn connector_on(&self, config: ConnectorConfig, ports: ConnectorPorts) -> ConnectorHandle {
        let backends: Arc<dyn BackendFactory> = Arc::new(SqlBackends::new(self.db.clone()));
        Connector::start(self.env.clone(), config, ports, backends).expect("connector")
    }

    fn limits(&self) -> RedisLimits {
        RedisLimits::new(self.connection.clone(), self.env.clone())
    }

    /// Terms without limits.
    fn terms<'a>(&'a self, limits: &'a RedisLimits) -> Terms<'a> {
        Terms { workspaces: &self.db, limits, plan: &self.plan }
    }

    /// A session that wants to be linked.
    pub(crate) async fn session(&self) -> SessionKey {
        let request = CreateSession { start: true, ..CreateSession::default() };
        let (limits, calls) = (self.limits(), self.calls());
        let ports = CreatePorts { terms: self.terms(&limits), sessions: &self.db, calls: &calls };
        let created = create(&self.env, ports, self.caller, request).await;
        created.expect("session").key()
    }

    /// A session linked to a phone, connected.
    pub(crate) async fn linked(&self, number: &str) -> SessionKey {
        let session = self.session().await;
        self.scan(session, number).await;
        self.in_state(session, State::Connected).await;
        session
    }

    /// The QR code on offer.
    pub(crate) async fn qr(&self, session: SessionKey) -> String {
        let calls = self.calls();
        eventually("a QR code", || async {
            match calls.offered(session).await.expect("offer") {
                Some(Pairing::Qr { code, .. }) => Some(code),
                _ => None,
            }
        })
        .await
    }

    /// What the session's owner answers.
    pub(crate) async fn call(&self, session: SessionKey, command: Command) -> CommandReply {
        let reply = self.calls().call(session, &command, PATIENCE).await.expect("call");
        reply.expect("a reply")
    }

    /// The session as SQL has it.
    pub(crate) async fn record(&self, session: SessionKey) -> Session {
        let _whole = self.told.taking.lock().await;
        let found = Sessions::get(&self.db, session.workspace, session.id).await.expect("record");
        found.expect("a session")
    }

    /// Waits until SQL has the session in a state.
    pub(crate) async fn in_state(&self, session: SessionKey, state: State) -> Session {
        eventually(&format!("state {state}"), || async {
            let record = self.record(session).await;
            (record.state == state).then_some(record)
        })
        .await
    }

    /// Waits until an owner other than `not` is on record.
    pub(crate) async fn owned(&self, session: SessionKey, not: Option<wagate_domain::ConnectorId>) {
        let leases = self.leases();
        eventually("an owner", || async {
            let owner = leases.owner(session).await.expect("owner");
            owner.filter(|(owner, _)| Some(*owner) != not).map(drop)
        })
        .await;
    }

    /// Waits for an event of a session, past ones included.
    pub(crate) async fn event<T>(
        &self,
        what: &str,
        session: SessionKey,
        pick: impl Fn(&EventData) -> Option<T>,
    ) -> T {
        let search = async {
            loop {
                let rung = self.told.bell.notified();
                let found = self.events(session).iter().find_map(&pick);
                match found {
                    Some(found) => return found,
                    None => rung.await,
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| panic!("no {what}: {:#?}", self.events(session)))
    }

    /// What was told of a session so far.
    pub(crate) fn events(&self, session: SessionKey) -> Vec<EventData> {
        let events = self.told.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().filter(|event| event.session == session.id).map(|event| event.data.clone()).collect()
    }

    /// The message a session received with this text.
    pub(crate) async fn received(&self, session: SessionKey, text: &str) -> Message {
        self.event(text, session, |data| match data {
            EventData::MessageReceived { message, .. } if message.content.text() == Some(text) => {
                Some((**message).clone())
            }
            _ => None,
        })
        .await
    }

    /// Waits until a message of ours has come so far.
    pub(crate) async fn status(&self, session: SessionKey, id: MessageId, wanted: Status) {
        self.event(&format!("{id} {wanted}"), session, |data| match data {
            EventData::MessageStatus { message, status, .. } if *message == id && *status == wanted => {
                Some(())
            }
            _ => None,
        })
        .await;
    }

    /// Waits until a receipt tells that a message of ours has arrived.
    pub(crate) async fn delivered(&self, session: SessionKey, stanza: &str) {
        self.event(&format!("receipt of {stanza}"), session, |data| match data {
            EventData::MessageReceipt { stanza_ids, status: Status::Delivered, .. } => {
                stanza_ids.iter().any(|id| id == stanza).then_some(())
            }
            _ => None,
        })
        .await;
    }

    pub(crate) async fn send(&self, session: SessionKey, to: &str, body: Body) -> Message {
        let (limits, lanes) = (self.limits(), self.lanes());
        let terms = self.terms(&limits);
        let ports =
            SendPorts { sessions: &self.db, messages: &self.db, media: &self.db, lanes: &lanes, terms };
        let request = SendMessage {
            session: session.id,
            to: to.to_owned(),
            body,
            reply_to: None,
            mentions: Vec::new(),
            priority: Priority::Interactive,
            send_at: None,
            expires_at: None,
            campaign: None,
            seed: None,
        };
        send(&self.env, ports, self.caller, request).await.expect("accepted").message
    }

    pub(crate) async fn send_text(&self, session: SessionKey, to: &str, text: &str) -> Message {
        self.send(session, to, Body::Text(text.to_owned())).await
    }

    /// Stops the object store; where it was.
    pub(crate) async fn lose_objects(&mut self) -> SocketAddr {
        let s3 = self.s3.take().expect("the object store runs");
        let address = s3.endpoint().trim_start_matches("http://").parse().expect("address");
        s3.stop().await;
        address
    }

    /// Starts the object store again, with what it had.
    pub(crate) async fn regain_objects(&mut self, address: SocketAddr) {
        self.s3 = Some(object_store(&self.folder, address).await);
    }

    /// Ends everything in order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.sandbox.stop().await;
        if let Some(s3) = self.s3 {
            s3.stop().await;
        }
        self.connection.close().await;
    }
}

async fn object_store(folder: &TempDir, address: SocketAddr) -> EmbeddedS3 {
    let config = S3Config::default();
    let root = folder.path().join("s3");
    EmbeddedS3::start(&root, address, &config.access_key, &config.secret_key).await.expect("object store")
}

/// Waits until a condition holds.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, check: impl FnMut() -> F) -> T {
    wagate_infra::testing::eventually(PATIENCE, what, check).await
}
