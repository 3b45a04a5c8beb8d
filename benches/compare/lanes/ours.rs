//! Our lanes, over the adapter that the API and the connector use.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;
use wagate_benches::redis::Redis;
use wagate_domain::events::{Event, EventData};
use wagate_domain::ids::Id;
use wagate_domain::messages::{Message, Status};
use wagate_domain::ports::{Accept, Claim, Lanes, Leases, Settlement, Unless, Verdict, Wanted};
use wagate_domain::sessions::{Day, SessionKey};
use wagate_domain::{ConnectorId, Env, MessageId, SessionId, WorkspaceId};
use wagate_infra::config::{RedisConfig, Secret};
use wagate_infra::redis::{Redis as Connected, RedisLanes, RedisLeases};
use wagate_infra::system;

use super::{AT_ONCE, Round, TEXT};

/// The epoch that sessions are held under.
const EPOCH: u64 = 1;
/// Messages of a lane under way at a time, as in the connector.
const UNDER_WAY: usize = 16;

/// So many lanes with an owner each.
pub(crate) struct Ours {
    env: Env,
    lanes: RedisLanes,
    connected: Connected,
    pub(crate) sessions: Vec<SessionKey>,
    template: Message,
}

impl Ours {
    /// Connects, and takes the sessions.
    pub(crate) async fn start(redis: &Redis, lanes: usize) -> Result<Self> {
        let config = RedisConfig { url: Some(Secret::new(redis.url())), ..RedisConfig::default() };
        let connected = Connected::connect(&config).await?;
        let env = system::env();
        let workspace = env.new_id::<WorkspaceId>();
        let sessions: Vec<SessionKey> =
            (0..lanes).map(|_| SessionKey { workspace, id: env.new_id::<SessionId>() }).collect();
        let (leases, connector) = (RedisLeases::new(connected.clone()), env.new_id::<ConnectorId>());
        stream::iter(&sessions)
            .map(|session| leases.take(*session, connector, EPOCH))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        let lanes = RedisLanes::new(connected.clone());
        Ok(Self { template: template(&env, workspace)?, env, lanes, connected, sessions })
    }

    /// Queues so many messages, evenly over the lanes, then works as many off.
    pub(crate) async fn round(&self, redis: &Redis, messages: usize) -> Result<Round> {
        let held = redis.cpu()?;
        let begun = Instant::now();
        self.queue(messages).await?;
        let queued = begun.elapsed();
        let begun = Instant::now();
        self.work(messages).await?;
        Ok(Round { messages, queued, done: begun.elapsed(), redis: redis.cpu()?.saturating_sub(held) })
    }

    /// Queues messages one by one.
    pub(crate) async fn queue(&self, messages: usize) -> Result<()> {
        stream::iter(0..messages)
            .map(|n| self.accept(n, 1))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await
    }

    /// Queues so many messages in each lane, as a batch is accepted.
    pub(crate) async fn fill(&self, each: usize) -> Result<()> {
        stream::iter(0..self.sessions.len())
            .map(|n| self.accept(n, each))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await
    }

    async fn accept(&self, n: usize, messages: usize) -> Result<()> {
        let lane = *self.sessions.get(n % self.sessions.len()).context("no lanes")?;
        let accept = |_| {
            let message = self.message(lane);
            let event = Event::new(&self.env, lane, EventData::MessageAccepted(Box::new(message.clone())));
            Accept { message, event, unless: Unless::Known }
        };
        let accepts: Vec<Accept> = (0..messages).map(accept).collect();
        self.lanes.accept(lane, &accepts).await?;
        Ok(())
    }

    /// As a message looks that the API has accepted.
    fn message(&self, lane: SessionKey) -> Message {
        let id: MessageId = self.env.new_id();
        Message { id, session: lane.id, stanza_id: id.stanza_id(), ..self.template.clone() }
    }

    /// Works messages off, each lane for itself as its session does.
    pub(crate) async fn work(&self, messages: usize) -> Result<()> {
        let each = messages / self.sessions.len().min(messages);
        let rest = messages - each * self.sessions.len().min(messages);
        let shares = self.sessions.iter().take(messages).enumerate();
        stream::iter(shares)
            .map(|(n, lane)| self.drain(*lane, each + usize::from(n < rest)))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await
    }

    /// As the connector does where nothing paces a session: several at a time.
    async fn drain(&self, lane: SessionKey, messages: usize) -> Result<()> {
        let mut left = messages;
        while left > 0 {
            let most = u32::try_from(left.min(UNDER_WAY))?;
            let claim = self.lanes.claim(lane, EPOCH, Wanted { most, ..Wanted::one(self.env.now()) }).await?;
            let Claim::Jobs(jobs) = claim else { anyhow::bail!("a lane ran dry") };
            ensure!(jobs.iter().all(|job| job.attempt == 1), "a message was claimed before");
            let ends: Vec<Settlement> = jobs.into_iter().map(|job| self.sent(lane, job.message.id)).collect();
            self.lanes.settle(lane, EPOCH, &ends).await?;
            left -= ends.len();
        }
        Ok(())
    }

    fn sent(&self, lane: SessionKey, message: MessageId) -> Settlement {
        let event = Event::status(&self.env, lane, message, Status::Sent, None);
        let verdict = Verdict::Sent { day: Day::default(), new_chat: false };
        Settlement { message, verdict, events: vec![event] }
    }

    /// Drops the event log, as when all of it is stored.
    pub(crate) async fn forget_log(&self, redis: &Redis) -> Result<()> {
        let prefix = RedisConfig::default().prefix;
        for shard in 0..self.connected.keys().shards() {
            redis.ask(&["DEL", &format!("{prefix}:{{s{shard:02}}}:log")]).await?;
        }
        Ok(())
    }

    pub(crate) async fn stop(self) {
        self.connected.close().await;
    }
}

fn template(env: &Env, workspace: WorkspaceId) -> Result<Message> {
    let id: MessageId = env.new_id();
    let now = env.now();
    let message = json!({
        "id": id,
        "workspace": workspace,
        "session": SessionId::from_ulid(env.ulid()),
        "direction": "out",
        "chat": "6281234567890@s.whatsapp.net",
        "contact": { "pn": "6281234567890@s.whatsapp.net" },
        "stanza_id": id.stanza_id(),
        "content": { "type": "text", "body": TEXT },
        "status": "accepted",
        "times": { "accepted": now },
        "expires_at": now,
        "at": now,
    });
    serde_json::from_value(message).context("a message has another form now")
}
