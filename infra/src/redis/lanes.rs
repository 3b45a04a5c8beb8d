//! The queue of sends.

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::{HashesInterface, SortedSetsInterface, Value};
use futures::future::{join_all, try_join_all};
use wagate_domain::{
    MessageId, Timestamp, WorkspaceId,
    events::Event,
    messages::{Message, Priority},
    ports::{Accept, Accepted, Claim, Job, LaneDepth, Lanes, PortError, PortResult, Verdict},
    sessions::SessionKey,
};

use super::{
    call::{garbled, port_error},
    connect::Redis,
    keys::LaneKeys,
    reply, scripts,
    wakes::wake_text,
};
use crate::telemetry::names;

/// How long a settled or cancelled message is remembered: longer than SQL needs to learn of it.
const KEEP_FINISHED: Duration = Duration::from_hours(1);
/// How long a buried message can be looked at and replayed.
const KEEP_BURIED: Duration = Duration::from_hours(30 * 24);
/// Most buried messages of a lane; the oldest go first.
const MAX_BURIED: u32 = 10_000;
/// Most scheduled messages one claim promotes.
const PROMOTE: u32 = 100;
/// Most messages one step of a recovery moves.
const RECOVER: u32 = 500;

/// [`Lanes`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisLanes {
    redis: Redis,
}

impl RedisLanes {
    /// Lanes of a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }

    fn stream(&self, lane: SessionKey) -> String {
        let keys = self.redis.keys();
        keys.stream(keys.shard(lane.id))
    }

    fn record(&self, lane: SessionKey, id: MessageId) -> String {
        let keys = self.redis.keys();
        keys.record(keys.shard(lane.id), lane.workspace, id)
    }

    fn records(&self, lane: SessionKey) -> String {
        let keys = self.redis.keys();
        keys.records(keys.shard(lane.id), lane.workspace)
    }

    async fn claim_raw(&self, lane: SessionKey, epoch: u64, now: Timestamp) -> PortResult<RawClaim> {
        let LaneKeys { owner, interactive, bulk, in_flight, due, hold, .. } = self.redis.keys().lane(lane);
        let keys = vec![owner, interactive, bulk, in_flight, due, hold, self.records(lane)];
        let args = vec![epoch.to_string().into(), now.as_millis().into(), i64::from(PROMOTE).into()];
        let answer = reply::list(self.redis.run(&scripts::CLAIM, keys, args).await?)?;
        match answer.as_slice() {
            [_, id, message, attempt] => {
                let id: MessageId = reply::text(id)?.parse().map_err(garbled)?;
                let attempt = u32::try_from(reply::number(attempt)?).unwrap_or(u32::MAX);
                Ok(RawClaim::Job { id, message: message.clone(), attempt })
            }
            [_, next] => Ok(RawClaim::Nothing { next: next.as_i64().map(Timestamp::from_millis) }),
            _ => Ok(RawClaim::Nothing { next: None }),
        }
    }
}

/// What the claim script found, before the message is read.
enum RawClaim {
    Job { id: MessageId, message: Value, attempt: u32 },
    Nothing { next: Option<Timestamp> },
}

#[async_trait]
impl Lanes for RedisLanes {
    async fn accept(&self, accept: &Accept) -> PortResult<Accepted> {
        let Accept { lane, message, due, event } = accept;
        let LaneKeys { interactive, bulk, in_flight, due: due_key, .. } = self.redis.keys().lane(*lane);
        let keys =
            vec![self.record(*lane, message.id), interactive, bulk, in_flight, due_key, self.stream(*lane)];
        let priority = match message.priority {
            Priority::Interactive => "i",
            Priority::Bulk => "b",
        };
        let args = vec![
            message.id.to_string().into(),
            reply::to_json(message)?.into(),
            priority.into(),
            due.map_or_else(String::new, |due| due.as_millis().to_string()).into(),
            reply::to_json(event)?.into(),
            self.redis.keys().wake(self.redis.keys().shard(lane.id)).into(),
            wake_text(*lane).into(),
        ];
        match reply::number(&self.redis.run(&scripts::ACCEPT, keys, args).await?)? {
            0 => Ok(Accepted::Already),
            _ => {
                metrics::counter!(names::LANE_ACCEPTED).increment(1);
                metrics::counter!(names::LOG_APPENDED).increment(1);
                Ok(Accepted::Queued)
            }
        }
    }

    async fn claim(&self, lane: SessionKey, epoch: u64, now: Timestamp) -> PortResult<Claim> {
        loop {
            let (id, message, attempt) = match self.claim_raw(lane, epoch, now).await? {
                RawClaim::Nothing { next } => return Ok(Claim::Nothing { next }),
                RawClaim::Job { id, message, attempt } => (id, message, attempt),
            };
            match reply::json::<Message>(&message) {
                Ok(message) => {
                    metrics::counter!(names::LANE_CLAIMED).increment(1);
                    return Ok(Claim::Job(Box::new(Job { message, attempt })));
                }
                // one message of another version must not stop the lane for good
                Err(error) => {
                    tracing::error!(message.id = %id, ?error, "lane.unreadable");
                    metrics::counter!(names::LANE_UNREADABLE).increment(1);
                    self.settle(lane, epoch, id, Verdict::Bury, &[]).await?;
                }
            }
        }
    }

    async fn settle(
        &self,
        lane: SessionKey,
        epoch: u64,
        id: MessageId,
        verdict: Verdict,
        events: &[Event],
    ) -> PortResult<()> {
        let LaneKeys { owner, interactive, bulk, in_flight, dead, hold, .. } = self.redis.keys().lane(lane);
        let keys =
            vec![owner, interactive, bulk, in_flight, dead, hold, self.record(lane, id), self.stream(lane)];
        let (verdict, retry_at) = match verdict {
            Verdict::Done => ("done", String::new()),
            Verdict::RetryAt(at) => ("retry", at.as_millis().to_string()),
            Verdict::Bury => ("bury", String::new()),
        };
        let mut args: Vec<Value> = vec![
            epoch.to_string().into(),
            id.to_string().into(),
            verdict.into(),
            retry_at.into(),
            millis(KEEP_FINISHED),
            millis(KEEP_BURIED),
            i64::from(MAX_BURIED).into(),
        ];
        for event in events {
            args.push(reply::to_json(event)?.into());
        }
        if reply::number(&self.redis.run(&scripts::SETTLE, keys, args).await?)? == 1 {
            metrics::counter!(names::LANE_SETTLED, "verdict" => verdict).increment(1);
        }
        metrics::counter!(names::LOG_APPENDED).increment(events.len() as u64);
        Ok(())
    }

    async fn recover(&self, lane: SessionKey, epoch: u64) -> PortResult<u64> {
        let mut recovered = 0;
        loop {
            let LaneKeys { owner, interactive, bulk, in_flight, .. } = self.redis.keys().lane(lane);
            let keys = vec![owner, interactive, bulk, in_flight, self.records(lane)];
            let args = vec![epoch.to_string().into(), i64::from(RECOVER).into()];
            match reply::number(&self.redis.run(&scripts::RECOVER, keys, args).await?)? {
                0 => return Ok(recovered),
                moved => recovered += moved,
            }
        }
    }

    async fn cancel(&self, lane: SessionKey, id: MessageId, event: &Event) -> PortResult<bool> {
        let LaneKeys { interactive, bulk, due, .. } = self.redis.keys().lane(lane);
        let keys = vec![interactive, bulk, due, self.record(lane, id), self.stream(lane)];
        let args = vec![id.to_string().into(), reply::to_json(event)?.into(), millis(KEEP_FINISHED)];
        Ok(reply::number(&self.redis.run(&scripts::CANCEL, keys, args).await?)? == 1)
    }

    async fn waiting(&self, lane: SessionKey, limit: u32) -> PortResult<Vec<MessageId>> {
        let client = self.redis.shared();
        let LaneKeys { interactive, bulk, due, .. } = self.redis.keys().lane(lane);
        let last = i64::from(limit) - 1;
        let lists = [interactive, bulk, due]
            .map(|key| client.zrange::<Vec<String>, _, _, _>(key, 0, last, None, false, None, false));
        let ids = try_join_all(lists).await.map_err(port_error)?.into_iter().flatten();
        ids.take(limit as usize).map(|id| id.parse().map_err(garbled)).collect()
    }

    async fn peek(&self, workspace: WorkspaceId, id: MessageId) -> PortResult<Option<Message>> {
        // the id does not tell the shard, so all are asked; the commands leave in one write
        let client = self.redis.shared();
        let records = (0..self.redis.keys().shards()).map(|s| self.redis.keys().record(s, workspace, id));
        let found = join_all(records.map(|key| client.hget::<Value, _, _>(key, "m"))).await;
        let mut failure = None;
        for answer in found {
            match answer {
                Ok(Value::Null) => {}
                Ok(message) => return reply::json(&message).map(Some),
                Err(error) => failure = Some(error),
            }
        }
        // "not found" may be said only when every shard has answered
        failure.map_or(Ok(None), |error| Err(port_error(error)))
    }

    async fn depth(&self, lane: SessionKey) -> PortResult<LaneDepth> {
        let client = self.redis.shared();
        let LaneKeys { interactive, bulk, due, in_flight, dead, .. } = self.redis.keys().lane(lane);
        let sizes = [interactive, bulk, due, in_flight, dead].map(|key| client.zcard::<u64, _>(key));
        match try_join_all(sizes).await.map_err(port_error)?.as_slice() {
            &[interactive, bulk, due, in_flight, dead] => {
                Ok(LaneDepth { interactive, bulk, due, in_flight, dead })
            }
            _ => Err(PortError::Internal { what: "Redis", source: "five sizes were asked for".into() }),
        }
    }
}

pub(super) fn millis(span: Duration) -> Value {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX).into()
}
