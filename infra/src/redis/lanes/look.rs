//! Looking into a lane without changing it.

use std::collections::HashSet;

use fred::prelude::{KeysInterface, SortedSetsInterface, Value};
use futures::future::{try_join, try_join_all};
use wagate_domain::{
    MessageId, Timestamp,
    messages::Message,
    ports::{LaneDepth, Place, PortResult, Standing, Which},
    sessions::SessionKey,
};

use super::RedisLanes;
use crate::redis::{
    call::{garbled, port_error},
    keys::LaneKeys,
    reply, scripts,
};

/// Messages looked at in one step.
const WINDOW: u64 = 1_000;

impl RedisLanes {
    pub(super) async fn find(&self, lane: SessionKey, which: &Which) -> PortResult<Vec<MessageId>> {
        let LaneKeys { interactive, bulk, parked, due, .. } = self.redis.keys().lane(lane);
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for set in [interactive, bulk, parked, due] {
            let mut from_end = 0;
            loop {
                let keys = vec![set.clone(), self.records(lane)];
                let args = vec![
                    which.chat.as_ref().map(ToString::to_string).unwrap_or_default().into(),
                    which.campaign.clone().unwrap_or_default().into(),
                    from_end.to_string().into(),
                    WINDOW.to_string().into(),
                ];
                let answer = reply::list(self.redis.run(&scripts::FIND, keys, args).await?)?;
                let [looked_at, ids @ ..] = answer.as_slice() else {
                    return Err(garbled("a search was not answered"));
                };
                for id in ids {
                    let id: MessageId = reply::text(id)?.parse().map_err(garbled)?;
                    if seen.insert(id) {
                        found.push(id);
                    }
                }
                let looked_at = reply::number(looked_at)?;
                from_end += looked_at;
                if looked_at < WINDOW {
                    break;
                }
            }
        }
        Ok(found)
    }

    pub(super) async fn standing_of(
        &self,
        lane: SessionKey,
        id: MessageId,
    ) -> PortResult<Option<(Message, Standing)>> {
        let LaneKeys { interactive, bulk, in_flight, parked, due, .. } = self.redis.keys().lane(lane);
        let keys = vec![interactive, bulk, in_flight, parked, due, self.record(lane, id)];
        let answer = self.redis.run(&scripts::STANDING, keys, vec![id.to_string().into()]).await?;
        match reply::list(answer)?.as_slice() {
            [] => Ok(None),
            [message, attempts, place, number] => {
                let standing = Standing { place: read_place(place, number)?, attempts: count(attempts)? };
                Ok(Some((reply::json(message)?, standing)))
            }
            _ => Err(garbled("a place was not answered")),
        }
    }

    pub(super) async fn front_of(
        &self,
        lane: SessionKey,
        limit: u32,
    ) -> PortResult<Vec<(MessageId, Standing)>> {
        let LaneKeys { interactive, bulk, in_flight, .. } = self.redis.keys().lane(lane);
        let keys = vec![interactive, bulk, in_flight, self.records(lane)];
        let answer =
            reply::list(self.redis.run(&scripts::FRONT, keys, vec![i64::from(limit).into()]).await?)?;
        let [in_flight, listed @ ..] = answer.as_slice() else {
            return Err(garbled("the front of a lane was not answered"));
        };
        let in_flight = reply::number(in_flight)?;
        let mut front = Vec::with_capacity(listed.len() / 2);
        for (ahead, entry) in (0_u64..).zip(listed.chunks_exact(2)) {
            let id = reply::text(&entry[0])?.parse().map_err(garbled)?;
            let place = if ahead < in_flight { Place::InFlight } else { Place::Ready { ahead } };
            front.push((id, Standing { place, attempts: count(&entry[1])? }));
        }
        Ok(front)
    }

    pub(super) async fn depth_of(&self, lane: SessionKey) -> PortResult<LaneDepth> {
        let client = self.redis.shared();
        let LaneKeys { interactive, bulk, due, in_flight, dead, parked, pause, hold, .. } =
            self.redis.keys().lane(lane);
        let sizes = [interactive, bulk, due, parked, in_flight, dead].map(|key| client.zcard::<u64, _>(key));
        let flags = try_join(client.exists::<u64, _>(pause), client.get::<Option<i64>, _>(hold));
        let (sizes, (paused, held)) = try_join(try_join_all(sizes), flags).await.map_err(port_error)?;
        match sizes.as_slice() {
            &[interactive, bulk, due, parked, in_flight, dead] => Ok(LaneDepth {
                interactive,
                bulk,
                due,
                parked,
                in_flight,
                dead,
                paused: paused > 0,
                held_until: held.map(Timestamp::from_millis),
            }),
            _ => Err(garbled("six sizes were asked for")),
        }
    }
}

fn count(value: &Value) -> PortResult<u32> {
    Ok(u32::try_from(reply::number(value)?).unwrap_or(u32::MAX))
}

fn read_place(place: &Value, number: &Value) -> PortResult<Place> {
    let number = reply::number(number)?;
    let moment = || Timestamp::from_millis(i64::try_from(number).unwrap_or(i64::MAX));
    match reply::text(place)?.as_str() {
        "ready" => Ok(Place::Ready { ahead: number }),
        "due" => Ok(Place::Due(moment())),
        "parked" => Ok(Place::Parked { until: moment() }),
        "in_flight" => Ok(Place::InFlight),
        other => Err(garbled(format!("{other} is no place"))),
    }
}
