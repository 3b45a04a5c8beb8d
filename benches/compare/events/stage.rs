//! A worker on a core of its own, and the events that it is to bring on.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::time::{Instant, sleep};
use wagate_benches::gateway::{Gateway, RING_KEY};
use wagate_benches::program::Program;
use wagate_benches::redis::Redis;
use wagate_benches::usage::NETWORK_CORE;
use wagate_domain::events::{Event, EventData, EventFilter, EventKind, ToldData, sample};
use wagate_domain::messages::{Content, Message};
use wagate_domain::ports::{Duties, EventLog, Group, Leases, Sessions, ToldEvents, Webhooks, Workspaces};
use wagate_domain::sessions::{Pacing, Session, SessionKey, State};
use wagate_domain::webhooks::{SigningSecret, Webhook};
use wagate_domain::workspaces::Workspace;
use wagate_domain::{Address, ConnectorId, Env, Timestamp, WorkspaceId};
use wagate_infra::config::{RedisConfig, Secret};
use wagate_infra::redis::{Redis as Connected, RedisDuties, RedisLeases, RedisLog};
use wagate_infra::seal::Ring;
use wagate_infra::sql::Database;
use wagate_infra::system;

use super::{CHATS, SESSIONS, TEXT, Used};

/// The epoch that sessions are held under.
const EPOCH: u64 = 1;
/// Appends under way at a time.
const AT_ONCE: usize = 64;
/// By what name we keep the worker from the log until all is in it.
const US: &str = "bench";
/// For as long.
const HELD: Duration = Duration::from_secs(600);
/// Time for a worker that has nothing to do to come to rest.
const REST: Duration = Duration::from_secs(4);

/// Everything that events pass through.
pub(super) struct Stage<'a> {
    env: Env,
    redis: &'a Redis,
    gateway: Gateway,
    database: Database,
    connected: Connected,
    log: RedisLog,
    duties: RedisDuties,
    sessions: Vec<SessionKey>,
    template: Message,
    worker: Option<Program>,
}

impl<'a> Stage<'a> {
    /// An empty record with sessions, and a workspace with a webhook for each of the endpoints.
    pub(super) async fn set(program: &Path, redis: &'a Redis, urls: &[String]) -> Result<Self> {
        redis.clear().await?;
        let gateway = Gateway::prepare(program, redis, None).await?;
        let database = Database::open(&gateway.database(), &Ring::read([RING_KEY])?).await?;
        let config = RedisConfig { url: Some(Secret::new(redis.url())), ..RedisConfig::default() };
        let connected = Connected::connect(&config).await?;
        let env = system::env();
        let template = received(&env)?;
        let (log, duties) = (RedisLog::new(connected.clone()), RedisDuties::new(connected.clone()));
        let sessions = Vec::new();
        let mut stage =
            Self { env, redis, gateway, database, connected, log, duties, sessions, template, worker: None };
        let workspaces = urls.len().max(1);
        for n in 0..workspaces {
            stage.settle(urls.get(n), SESSIONS / workspaces).await?;
        }
        ensure!(stage.duties.take(Group::Store.name(), US, HELD).await?, "somebody else reads the log");
        Ok(stage)
    }

    async fn settle(&mut self, url: Option<&String>, sessions: usize) -> Result<()> {
        let now = self.env.now();
        let id: WorkspaceId = self.env.new_id();
        Workspaces::insert(&self.database, &Workspace::new(id, "bench", now)).await?;
        if let Some(url) = url {
            Webhooks::insert(&self.database, &webhook(&self.env, id, url)?, 1).await?;
        }
        let leases = RedisLeases::new(self.connected.clone());
        for _ in 0..sessions {
            let session = session(&self.env, id, now);
            Sessions::insert(&self.database, &session).await?;
            leases.take(session.key(), self.env.new_id::<ConnectorId>(), EPOCH).await?;
            self.sessions.push(session.key());
        }
        Ok(())
    }

    /// Starts the worker on its core and waits until it has found its webhooks.
    pub(super) async fn start(&mut self) -> Result<()> {
        self.worker = Some(self.gateway.role_on("worker", NETWORK_CORE)?);
        sleep(REST).await;
        Ok(())
    }

    /// Appends so many events, so many of a session at a time; every session and every chat has as many.
    pub(super) async fn append(&self, events: usize, at_a_time: usize) -> Result<Duration> {
        let begun = Instant::now();
        stream::iter((0..events).step_by(at_a_time))
            .map(|first| self.append_some(first, at_a_time.min(events - first)))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok(begun.elapsed())
    }

    async fn append_some(&self, first: usize, count: usize) -> Result<()> {
        let turn = first / count.max(1);
        let session = *self.sessions.get(turn % self.sessions.len()).context("no sessions")?;
        let events: Vec<Event> = (first..first + count).map(|n| self.event(session, turn + n)).collect();
        Ok(self.log.append(session, Some(EPOCH), &events).await?)
    }

    fn event(&self, session: SessionKey, n: usize) -> Event {
        let id = self.env.new_id::<wagate_domain::MessageId>();
        let at = self.env.now();
        let number = format!("62812{:04}{:04}", n / SESSIONS % CHATS, session.id.ulid().random() % 10_000);
        let message = Message {
            id,
            workspace: session.workspace,
            session: session.id,
            chat: Address::pn(&number),
            contact: wagate_domain::ContactIds { pn: Some(number), lid: None },
            stanza_id: id.stanza_id(),
            at,
            ..self.template.clone()
        };
        let data = EventData::MessageReceived { message: Box::new(message), media: None, history: false };
        Event::new(&self.env, session, data)
    }

    /// Lets the worker read the log; comes back when it begins.
    pub(super) async fn release(&self) -> Result<()> {
        let leader = format!("{}:leader:{}", RedisConfig::default().prefix, Group::Store.name());
        self.duties.give_back(Group::Store.name(), US).await?;
        while self.redis.ask(&["EXISTS", &leader]).await? != "1" {
            sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Waits until everything in the log is on record; how many events can be told by then.
    pub(super) async fn stored(&self) -> Result<u64> {
        while self.log.lag(Group::Store).await? > 0 {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(self.database.newest().await?)
    }

    /// What the worker and Redis have used so far.
    pub(super) fn used(&self) -> Result<Used> {
        let worker = self.worker.as_ref().context("no worker")?.cpu()?;
        Ok(Used { sender: worker, redis: self.redis.cpu()?, at: std::time::Instant::now() })
    }

    /// Ends the worker.
    pub(super) async fn stop(self) -> Result<()> {
        if let Some(worker) = self.worker {
            worker.stop().await?;
        }
        self.database.close().await?;
        self.connected.close().await;
        Ok(())
    }
}

fn received(env: &Env) -> Result<Message> {
    let told = sample(EventKind::MessageReceived, env.new_id(), env.new_id(), None, env.now());
    let ToldData::MessageReceived(message) = told.data else { anyhow::bail!("another sample") };
    Ok(Message { contact_id: None, content: Content::Text { body: TEXT.to_owned() }, ..*message })
}

fn webhook(env: &Env, workspace: WorkspaceId, url: &str) -> Result<Webhook> {
    Ok(Webhook {
        id: env.new_id(),
        workspace,
        session: None,
        url: url.to_owned(),
        description: None,
        events: vec!["message.received".parse::<EventFilter>()?],
        headers: Vec::new(),
        secrets: vec![SigningSecret::generate(env)],
        notify_email: None,
        enabled: true,
        disabled: None,
        cursor: 0,
        failing_since: None,
        created_at: env.now(),
        updated_at: env.now(),
    })
}

fn session(env: &Env, workspace: WorkspaceId, now: Timestamp) -> Session {
    Session {
        id: env.new_id(),
        workspace,
        name: "bench".to_owned(),
        state: State::Connected,
        reason: None,
        wanted: true,
        pn: Some("6281200000000".to_owned()),
        lid: None,
        push_name: None,
        epoch: EPOCH,
        pacing: Pacing::default(),
        proxy: None,
        linked_at: Some(Timestamp::from_millis(now.as_millis() - 86_400_000)),
        created_at: now,
        updated_at: now,
    }
}
