//! The queue of sends.

mod accept;
mod claims;
mod look;

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::{HashesInterface, KeysInterface, PubsubInterface, Value};
use futures::future::{join_all, try_join_all};
use wagate_domain::{
    MessageId, WorkspaceId,
    events::Event,
    messages::Message,
    ports::{
        Accept, Accepted, Claim, Edited, LaneDepth, Lanes, PortResult, Settlement, Standing, Tally, Wanted,
        Which,
    },
    sessions::{Day, SessionKey},
};

use super::{call::port_error, connect::Redis, keys::LaneKeys, reply, scripts, wakes::wake_text};

/// How long a settled or cancelled message is remembered: longer than SQL needs to learn of it.
const KEEP_FINISHED: Duration = Duration::from_hours(1);
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
}

#[async_trait]
impl Lanes for RedisLanes {
    async fn accept(&self, lane: SessionKey, accepts: &[Accept]) -> PortResult<Vec<Accepted>> {
        self.accept_all(lane, accepts).await
    }

    async fn edit(&self, message: &Message, event: &Event) -> PortResult<Edited> {
        self.edit_one(message, event).await
    }

    async fn claim(&self, lane: SessionKey, epoch: u64, wanted: Wanted) -> PortResult<Claim> {
        self.claim_some(lane, epoch, wanted).await
    }

    async fn settle(&self, lane: SessionKey, epoch: u64, settlements: &[Settlement]) -> PortResult<()> {
        self.settle_all(lane, epoch, settlements).await
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
