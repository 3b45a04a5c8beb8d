//! Putting messages into a lane, and changing those that wait.

use fred::prelude::Value;
use wagate_domain::{
    events::Event,
    messages::{Message, Priority},
    ports::{Accept, Accepted, Edited, PortResult, Unless},
    sessions::SessionKey,
};

use super::RedisLanes;
use crate::{
    redis::{call::garbled, keys::LaneKeys, reply, scripts, wakes::wake_text},
    telemetry::names,
};

/// Messages accepted in one step: few enough that nobody waits long behind it.
const STEP: usize = 100;

impl RedisLanes {
    pub(super) async fn accept_all(&self, lane: SessionKey, accepts: &[Accept]) -> PortResult<Vec<Accepted>> {
        let mut all = Vec::with_capacity(accepts.len());
        for step in accepts.chunks(STEP) {
            all.extend(self.accept_step(lane, step).await?);
        }
        let queued = all.iter().filter(|accepted| matches!(accepted, Accepted::Queued { .. })).count() as u64;
        metrics::counter!(names::LANE_ACCEPTED).increment(queued);
        metrics::counter!(names::LOG_APPENDED).increment(queued);
        Ok(all)
    }

    async fn accept_step(&self, lane: SessionKey, accepts: &[Accept]) -> PortResult<Vec<Accepted>> {
        let LaneKeys { interactive, bulk, in_flight, parked, due, dead, .. } = self.redis.keys().lane(lane);
        let mut keys = vec![interactive, bulk, in_flight, parked, due, dead, self.stream(lane)];
        let mut args = self.wake(lane);
        for Accept { message, event, unless } in accepts {
            keys.push(self.record(lane, message.id));
            args.extend([
                message.id.to_string().into(),
                reply::to_json(message)?.into(),
                priority(message).into(),
                due_millis(message).into(),
                message.chat.to_string().into(),
                message.campaign.clone().unwrap_or_default().into(),
                Value::from(match unless {
                    Unless::Known => "new",
                    Unless::Waiting => "again",
                }),
                message.revision.to_string().into(),
                reply::to_json(event)?.into(),
            ]);
        }
        let answers = reply::list(self.redis.run(&scripts::ACCEPT, keys, args).await?)?;
        if answers.len() != accepts.len() {
            return Err(garbled("an accept was not answered"));
        }
        Ok(answers.iter().map(accepted).collect())
    }

    pub(super) async fn edit_one(&self, message: &Message, event: &Event) -> PortResult<Edited> {
        let lane = message.lane();
        let LaneKeys { interactive, bulk, in_flight, parked, due, .. } = self.redis.keys().lane(lane);
        let record = self.record(lane, message.id);
        let keys = vec![interactive, bulk, in_flight, parked, due, record, self.stream(lane)];
        let mut args: Vec<Value> = vec![
            message.id.to_string().into(),
            reply::to_json(message)?.into(),
            priority(message).into(),
            due_millis(message).into(),
            message.revision.saturating_sub(1).to_string().into(),
            reply::to_json(event)?.into(),
        ];
        args.extend(self.wake(lane));
        Ok(match self.redis.run(&scripts::EDIT, keys, args).await?.as_i64() {
            Some(1) => Edited::Done,
            Some(-1) => Edited::Conflict,
            _ => Edited::TooLate,
        })
    }

    /// Wake channel and wake text of a lane.
    fn wake(&self, lane: SessionKey) -> Vec<Value> {
        let keys = self.redis.keys();
        vec![keys.wake(keys.shard(lane.id)).into(), wake_text(lane).into()]
    }
}

fn accepted(answer: &Value) -> Accepted {
    match answer.as_u64() {
        Some(ahead) => Accepted::Queued { ahead },
        None => Accepted::Already,
    }
}

const fn priority(message: &Message) -> &'static str {
    match message.priority {
        Priority::Interactive => "i",
        Priority::Bulk => "b",
    }
}

fn due_millis(message: &Message) -> String {
    message.due().map_or_else(String::new, |due| due.as_millis().to_string())
}
