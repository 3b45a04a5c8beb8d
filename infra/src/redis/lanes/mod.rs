//! The queue of sends.

mod accept;
mod look;

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::{HashesInterface, KeysInterface, PubsubInterface, Value};
use futures::future::{join_all, try_join_all};
use wagate_domain::{
    MessageId, Timestamp, WorkspaceId,
    events::Event,
    messages::Message,
    ports::{
        Accept, Accepted, Claim, Edited, Job, LaneDepth, Lanes, PortResult, Standing, Tally, Verdict, Which,
    },
    sessions::{Day, SessionKey},
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
/// How long a day's tally is kept: longer than any day of any time zone.
const KEEP_TALLY: Duration = Duration::from_hours(3 * 24);
/// Most buried messages of a lane; the oldest go first.
const MAX_BURIED: u32 = 10_000;
/// Most scheduled messages one claim promotes.
const PROMOTE: u32 = 100;
/// Most messages one step of a recovery moves.
const PUT_BACK: u32 = 500;
/// Commands that are sent without waiting for the answers of those before.
const AT_ONCE: usize = 500;

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

    /// Puts what is in a set back to its old place in the queue.
    async fn put_back(&self, lane: SessionKey, epoch: u64, from: String) -> PortResult<u64> {
        let mut moved = 0;
        loop {
            let LaneKeys { owner, interactive, bulk, .. } = self.redis.keys().lane(lane);
            let keys = vec![owner, interactive, bulk, from.clone(), self.records(lane)];
            let args = vec![epoch.to_string().into(), i64::from(PUT_BACK).into()];
            match reply::number(&self.redis.run(&scripts::PUT_BACK, keys, args).await?)? {
                0 => return Ok(moved),
                step => moved += step,
            }
        }
    }

    async fn claim_raw(
        &self,
        lane: SessionKey,
        epoch: u64,
        now: Timestamp,
        bulk: bool,
    ) -> PortResult<RawClaim> {
        let names = self.redis.keys().lane(lane);
        let LaneKeys { owner, interactive, in_flight, due, hold, parked, pause, .. } = names;
        let keys =
            vec![owner, interactive, names.bulk, in_flight, due, hold, parked, pause, self.records(lane)];
        let args = vec![
            epoch.to_string().into(),
            now.as_millis().into(),
            i64::from(PROMOTE).into(),
            i64::from(bulk).into(),
        ];
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
    async fn accept(&self, lane: SessionKey, accepts: &[Accept]) -> PortResult<Vec<Accepted>> {
        self.accept_all(lane, accepts).await
    }

    async fn edit(&self, message: &Message, event: &Event) -> PortResult<Edited> {
        self.edit_one(message, event).await
    }

    async fn claim(&self, lane: SessionKey, epoch: u64, now: Timestamp, bulk: bool) -> PortResult<Claim> {
        loop {
            let (id, message, attempt) = match self.claim_raw(lane, epoch, now, bulk).await? {
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
        let LaneKeys { owner, interactive, bulk, in_flight, dead, hold, parked, tally, .. } =
            self.redis.keys().lane(lane);
        let (record, stream) = (self.record(lane, id), self.stream(lane));
        let keys = vec![owner, interactive, bulk, in_flight, dead, hold, record, stream, parked, tally];
        let (day, new_chat) = match verdict {
            Verdict::Sent { day, new_chat } => (day, new_chat),
            _ => (Day::default(), false),
        };
        let (verdict, moment) = match verdict {
            Verdict::Done => ("done", String::new()),
            Verdict::Sent { .. } => ("sent", String::new()),
            Verdict::RetryAt(at) => ("retry", at.as_millis().to_string()),
            Verdict::Park { until } => ("park", until.as_millis().to_string()),
            Verdict::Bury => ("bury", String::new()),
        };
        let mut args: Vec<Value> = vec![
            epoch.to_string().into(),
            id.to_string().into(),
            verdict.into(),
            moment.into(),
            millis(KEEP_FINISHED),
            millis(KEEP_BURIED),
            i64::from(MAX_BURIED).into(),
            day.0.to_string().into(),
            i64::from(new_chat).into(),
            millis(KEEP_TALLY),
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

    async fn tally(&self, lane: SessionKey) -> PortResult<Tally> {
        let tally = self.redis.keys().lane(lane).tally;
        let found: Vec<Option<u32>> =
            self.redis.shared().hmget(tally, vec!["d", "s", "n"]).await.map_err(port_error)?;
        match found.as_slice() {
            &[Some(day), sent, new] => {
                Ok(Tally { day: Day(day), sent: sent.unwrap_or(0), new_chats: new.unwrap_or(0) })
            }
            _ => Ok(Tally::default()),
        }
    }

    async fn recover(&self, lane: SessionKey, epoch: u64) -> PortResult<u64> {
        self.put_back(lane, epoch, self.redis.keys().lane(lane).in_flight).await
    }

    async fn unpark(&self, lane: SessionKey, epoch: u64) -> PortResult<u64> {
        self.put_back(lane, epoch, self.redis.keys().lane(lane).parked).await
    }

    async fn set_paused(&self, lane: SessionKey, paused: bool) -> PortResult<()> {
        let pause = self.redis.keys().lane(lane).pause;
        let client = self.redis.shared();
        if paused {
            client.set::<(), _, _>(pause, 1, None, None, false).await.map_err(port_error)?;
        } else {
            client.del::<(), _>(pause).await.map_err(port_error)?;
        }
        let channel = self.redis.keys().wake(self.redis.keys().shard(lane.id));
        client.publish::<(), _, _>(channel, wake_text(lane)).await.map_err(port_error)
    }

    async fn cancel(&self, lane: SessionKey, messages: &[(MessageId, Event)]) -> PortResult<Vec<bool>> {
        let LaneKeys { interactive, bulk, parked, due, .. } = self.redis.keys().lane(lane);
        let mut cancelled = Vec::with_capacity(messages.len());
        for group in messages.chunks(AT_ONCE) {
            let mut running = Vec::with_capacity(group.len());
            for (id, event) in group {
                let sets = [&interactive, &bulk, &parked, &due].map(Clone::clone);
                let keys = sets.into_iter().chain([self.record(lane, *id), self.stream(lane)]).collect();
                let args = vec![id.to_string().into(), reply::to_json(event)?.into(), millis(KEEP_FINISHED)];
                running.push(self.redis.run(&scripts::CANCEL, keys, args));
            }
            for answer in try_join_all(running).await? {
                cancelled.push(reply::number(&answer)? == 1);
            }
        }
        Ok(cancelled)
    }

    async fn waiting(&self, lane: SessionKey, which: &Which) -> PortResult<Vec<MessageId>> {
        self.find(lane, which).await
    }

    async fn missing(&self, lane: SessionKey, ids: &[MessageId]) -> PortResult<Vec<MessageId>> {
        let client = self.redis.shared();
        let mut missing = Vec::new();
        for group in ids.chunks(AT_ONCE) {
            let asked = group.iter().map(|id| client.exists::<u64, _>(self.record(lane, *id)));
            let known = try_join_all(asked).await.map_err(port_error)?;
            missing.extend(group.iter().zip(known).filter(|(_, known)| *known == 0).map(|(id, _)| *id));
        }
        Ok(missing)
    }

    async fn is_intact(&self) -> PortResult<bool> {
        let client = self.redis.shared();
        let marks = (0..self.redis.keys().shards()).map(|shard| self.redis.keys().mark(shard));
        let found =
            try_join_all(marks.map(|mark| client.exists::<u64, _>(mark))).await.map_err(port_error)?;
        Ok(found.iter().all(|found| *found == 1))
    }

    async fn mark_intact(&self) -> PortResult<()> {
        let client = self.redis.shared();
        let marks = (0..self.redis.keys().shards()).map(|shard| self.redis.keys().mark(shard));
        let left = marks.map(|mark| client.set::<(), _, _>(mark, 1, None, None, false));
        try_join_all(left).await.map_err(port_error)?;
        Ok(())
    }

    async fn standing(&self, lane: SessionKey, id: MessageId) -> PortResult<Option<(Message, Standing)>> {
        self.standing_of(lane, id).await
    }

    async fn front(&self, lane: SessionKey, limit: u32) -> PortResult<Vec<(MessageId, Standing)>> {
        self.front_of(lane, limit).await
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
        self.depth_of(lane).await
    }
}

pub(super) fn millis(span: Duration) -> Value {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX).into()
}
