//! Looking into a lane without changing it.

use std::collections::HashSet;

use fred::prelude::{KeysInterface, SortedSetsInterface};
use futures::future::{try_join, try_join_all};
use wagate_domain::{
    MessageId, Timestamp,
    ports::{LaneDepth, Place, PortResult, Which},
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

    pub(super) async fn place_of(&self, lane: SessionKey, id: MessageId) -> PortResult<Place> {
        let client = self.redis.shared();
        let LaneKeys { interactive, bulk, in_flight, due, parked, .. } = self.redis.keys().lane(lane);
        let id = id.to_string();
        let ranks = [&interactive, &bulk]
            .map(|key| client.zrank::<Option<u64>, _, _>(key.clone(), id.clone(), false));
        let scores =
            [in_flight.clone(), due, parked].map(|key| client.zscore::<Option<f64>, _, _>(key, id.clone()));
        let sizes = [in_flight, interactive].map(|key| client.zcard::<u64, _>(key));
        let (ranks, (scores, sizes)) =
            try_join(try_join_all(ranks), try_join(try_join_all(scores), try_join_all(sizes)))
                .await
                .map_err(port_error)?;
        let (&[interactive, bulk], &[flying, due, parked], &[in_flight, before_bulk]) =
            (ranks.as_slice(), scores.as_slice(), sizes.as_slice())
        else {
            return Err(garbled("a place was not answered"));
        };
        #[expect(clippy::cast_possible_truncation, reason = "a moment in milliseconds is a whole number")]
        let moment = |score: f64| Timestamp::from_millis(score as i64);
        Ok(match (interactive, bulk, flying, due, parked) {
            (Some(rank), ..) => Place::Ready { ahead: in_flight + rank },
            (_, Some(rank), ..) => Place::Ready { ahead: in_flight + before_bulk + rank },
            (_, _, Some(_), ..) => Place::InFlight,
            (_, _, _, Some(due), _) => Place::Due(moment(due)),
            (.., Some(_)) => Place::Parked,
            _ => Place::Nowhere,
        })
    }

    pub(super) async fn depth_of(&self, lane: SessionKey) -> PortResult<LaneDepth> {
        let client = self.redis.shared();
        let LaneKeys { interactive, bulk, due, in_flight, dead, parked, pause, .. } =
            self.redis.keys().lane(lane);
        let sizes = [interactive, bulk, due, parked, in_flight, dead].map(|key| client.zcard::<u64, _>(key));
        let (sizes, paused) =
            try_join(try_join_all(sizes), client.exists::<u64, _>(pause)).await.map_err(port_error)?;
        match sizes.as_slice() {
            &[interactive, bulk, due, parked, in_flight, dead] => {
                Ok(LaneDepth { interactive, bulk, due, parked, in_flight, dead, paused: paused > 0 })
            }
            _ => Err(garbled("six sizes were asked for")),
        }
    }
}
