//! Claiming, settling, and putting back what was claimed or parked.

use std::time::Duration;

use fred::prelude::Value;
use wagate_domain::{
    MessageId, Timestamp,
    messages::Message,
    ports::{Claim, Job, PortResult, Settlement, Verdict, Wanted},
    sessions::{Day, SessionKey},
};

use super::{KEEP_FINISHED, RedisLanes, millis};
use crate::{
    redis::{call::garbled, keys::LaneKeys, reply, scripts},
    telemetry::names,
};

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

impl RedisLanes {
    /// See [`wagate_domain::ports::Lanes::claim`].
    pub(super) async fn claim_some(&self, lane: SessionKey, epoch: u64, wanted: Wanted) -> PortResult<Claim> {
        loop {
            let taken = match self.claim_raw(lane, epoch, wanted).await? {
                RawClaim::Nothing { next } => return Ok(Claim::Nothing { next }),
                RawClaim::Jobs(taken) => taken,
            };
            let mut jobs = Vec::with_capacity(taken.len() / 3);
            let mut unreadable = Vec::new();
            for job in taken.chunks_exact(3) {
                let id: MessageId = reply::text(&job[0])?.parse().map_err(garbled)?;
                match reply::json::<Message>(&job[1]) {
                    Ok(message) => {
                        let attempt = u32::try_from(reply::number(&job[2])?).unwrap_or(u32::MAX);
                        jobs.push(Job { message, attempt });
                    }
                    // one message of another version must not stop the lane for good
                    Err(error) => {
                        tracing::error!(message.id = %id, ?error, "lane.unreadable");
                        unreadable.push(Settlement::silent(id, Verdict::Bury));
                    }
                }
            }
            if !unreadable.is_empty() {
                metrics::counter!(names::LANE_UNREADABLE).increment(unreadable.len() as u64);
                self.settle_all(lane, epoch, &unreadable).await?;
            }
            if !jobs.is_empty() {
                metrics::counter!(names::LANE_CLAIMED).increment(jobs.len() as u64);
                return Ok(Claim::Jobs(jobs));
            }
        }
    }

    async fn claim_raw(&self, lane: SessionKey, epoch: u64, wanted: Wanted) -> PortResult<RawClaim> {
        let names = self.redis.keys().lane(lane);
        let LaneKeys { owner, interactive, in_flight, due, hold, parked, pause, .. } = names;
        let keys =
            vec![owner, interactive, names.bulk, in_flight, due, hold, parked, pause, self.records(lane)];
        let args = vec![
            epoch.to_string().into(),
            wanted.now.as_millis().into(),
            i64::from(PROMOTE).into(),
            i64::from(wanted.bulk).into(),
            i64::from(wanted.most.max(1)).into(),
        ];
        let mut answer = reply::list(self.redis.run(&scripts::CLAIM, keys, args).await?)?.into_iter();
        if answer.next().and_then(|taken| taken.as_i64()) == Some(1) {
            return Ok(RawClaim::Jobs(answer.collect()));
        }
        Ok(RawClaim::Nothing { next: answer.next().and_then(|at| at.as_i64()).map(Timestamp::from_millis) })
    }

    /// See [`wagate_domain::ports::Lanes::settle`].
    pub(super) async fn settle_all(
        &self,
        lane: SessionKey,
        epoch: u64,
        settlements: &[Settlement],
    ) -> PortResult<()> {
        let LaneKeys { owner, interactive, bulk, in_flight, dead, hold, parked, tally, .. } =
            self.redis.keys().lane(lane);
        let mut keys =
            vec![owner, interactive, bulk, in_flight, dead, hold, self.stream(lane), parked, tally];
        let mut args: Vec<Value> = vec![
            epoch.to_string().into(),
            millis(KEEP_FINISHED),
            millis(KEEP_BURIED),
            i64::from(MAX_BURIED).into(),
            millis(KEEP_TALLY),
        ];
        for Settlement { message, verdict, events } in settlements {
            keys.push(self.record(lane, *message));
            let (day, new_chat) = match verdict {
                Verdict::Sent { day, new_chat } => (*day, *new_chat),
                _ => (Day::default(), false),
            };
            let moment = match verdict {
                Verdict::RetryAt(at) | Verdict::Park { until: at } => at.as_millis().to_string(),
                _ => String::new(),
            };
            args.extend([
                message.to_string().into(),
                name(*verdict).into(),
                moment.into(),
                day.0.to_string().into(),
                i64::from(new_chat).into(),
                i64::try_from(events.len()).unwrap_or(i64::MAX).into(),
            ]);
            for event in events {
                args.push(reply::to_json(event)?.into());
            }
        }
        let settled = reply::list(self.redis.run(&scripts::SETTLE, keys, args).await?)?;
        for (settlement, settled) in settlements.iter().zip(settled) {
            if reply::number(&settled)? == 1 {
                metrics::counter!(names::LANE_SETTLED, "verdict" => name(settlement.verdict)).increment(1);
            }
            metrics::counter!(names::LOG_APPENDED).increment(settlement.events.len() as u64);
        }
        Ok(())
    }

    /// Puts what is in a set back to its old place in the queue.
    pub(super) async fn put_back(&self, lane: SessionKey, epoch: u64, from: String) -> PortResult<u64> {
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
}

/// What the claim script found, before the messages are read.
enum RawClaim {
    /// Id, message, attempt of each.
    Jobs(Vec<Value>),
    Nothing {
        next: Option<Timestamp>,
    },
}

/// What the settle script calls a verdict.
const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Sent { .. } => "sent",
        Verdict::RetryAt(_) => "retry",
        Verdict::Return => "back",
        Verdict::Park { .. } => "park",
        Verdict::Bury => "bury",
    }
}
