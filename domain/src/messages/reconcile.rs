//! What the record and the queue must agree on: nothing that waits is forgotten, nothing overdue waits on.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    Env, MessageId, Timestamp,
    events::{Event, EventData},
    ids::{Id, ulid},
    messages::{Message, Status},
    ports::{Accept, Accepted, EventLog, Group, Lanes, Messages, PortResult, Sessions, Unless},
    sessions::SessionKey,
};

/// Messages looked at in one step.
const PAGE: u32 = 1_000;
/// Overdue messages ended in one run; the next goes on.
const OVERDUE: u32 = 5_000;
/// A message younger than this may still be on its way into the queue's memory or the record.
const SETTLED: Duration = Duration::from_secs(30);
/// A record that is further behind the log may not know what became of messages that the queue has forgotten in good
/// order: half of the time for which it remembers them.
const BEHIND: Duration = Duration::from_mins(30);
/// How far back a run looks when the queue has lost nothing that it knows of: Redis may forget the
/// newest writes when its machine dies.
const RECENT: Duration = Duration::from_mins(15);

/// Where messages wait and where they are recorded.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct ReconcilePorts<'a> {
    /// The record.
    pub messages: &'a dyn Messages,
    /// Sessions on record.
    pub sessions: &'a dyn Sessions,
    /// The queue.
    pub lanes: &'a dyn Lanes,
    /// The event log.
    pub log: &'a dyn EventLog,
}

/// Ends messages whose time ran out while nobody could send them; returns how many. Those in flight are
/// left to their owner.
///
/// # Errors
/// As the ports report them; safe to repeat.
pub async fn expire_overdue(env: &Env, ports: ReconcilePorts<'_>) -> PortResult<u64> {
    let overdue = ports.messages.overdue(env.now(), OVERDUE).await?;
    let mut ended = 0;
    for (lane, messages) in by_lane(overdue) {
        let events: Vec<_> = messages.iter().map(|message| (message.id, expired(env, message))).collect();
        let cancelled = ports.lanes.cancel(lane, &events).await?;
        ended += cancelled.iter().filter(|done| **done).count() as u64;
        let left: Vec<MessageId> =
            messages.iter().zip(cancelled).filter(|(_, done)| !done).map(|(message, _)| message.id).collect();
        // the queue knows nothing of them: only the record waits
        let lost = ports.lanes.missing(lane, &left).await?;
        let events: Vec<Event> =
            messages.iter().filter(|message| lost.contains(&message.id)).map(|m| expired(env, m)).collect();
        if !events.is_empty() {
            ports.log.append(lane, None, &events).await?;
            ended += events.len() as u64;
        }
    }
    Ok(ended)
}

fn expired(env: &Env, message: &Message) -> Event {
    Event::status(env, message.lane(), message.id, Status::Expired, None)
}

/// Queues again what the record knows as waiting and the queue has lost, once and under the same ids;
/// returns how many. All of it when the queue has lost its marks, else what was accepted lately.
///
/// # Errors
/// As the ports report them; safe to repeat.
pub async fn requeue_lost(env: &Env, ports: ReconcilePorts<'_>) -> PortResult<u64> {
    let intact = ports.lanes.is_intact().await?;
    let now = env.now();
    let moment = |age: Duration| {
        let millis = now.as_millis().saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        MessageId::from_ulid(ulid(Timestamp::from_millis(millis.max(0)), 0))
    };
    let mut after = intact.then(|| moment(RECENT));
    let before = moment(SETTLED);
    let mut requeued = 0;
    loop {
        let page = ports.messages.unfinished(after, PAGE).await?;
        after = page.last().map(|message| message.id);
        let full = page.len() == PAGE as usize;
        let settled: Vec<Message> = page.into_iter().filter(|message| message.id < before).collect();
        for (lane, messages) in by_lane(settled) {
            requeued += requeue(env, ports, lane, messages).await?;
        }
        if !full {
            break;
        }
    }
    if !intact {
        ports.lanes.mark_intact().await?;
    }
    Ok(requeued)
}

async fn requeue(
    env: &Env,
    ports: ReconcilePorts<'_>,
    lane: SessionKey,
    messages: Vec<Message>,
) -> PortResult<u64> {
    let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
    let lost = ports.lanes.missing(lane, &ids).await?;
    if lost.is_empty() || ports.sessions.get(lane.workspace, lane.id).await?.is_none() {
        return Ok(0);
    }
    // The queue remembers a message that has ended for an hour: one that it knows nothing of was lost, or its end is in
    // the log for as long. While the record is not that far behind, it is right.
    let behind = ports.log.oldest_unread(Group::Store).await?;
    if behind.is_some_and(|oldest| env.now().since(oldest) > BEHIND) {
        return Ok(0);
    }
    let mut accepts = Vec::new();
    for id in lost {
        let current = ports.messages.get(lane.workspace, id).await?;
        let Some(mut message) = current.filter(|message| message.status.is_pending()) else { continue };
        message.status = if message.send_at.is_some_and(|due| due > env.now()) {
            Status::Scheduled
        } else {
            Status::Accepted
        };
        let event = Event::new(env, lane, EventData::MessageRequeued(Box::new(message.clone())));
        accepts.push(Accept { message, event, unless: Unless::Known });
    }
    let answers = ports.lanes.accept(lane, &accepts).await?;
    Ok(answers.iter().filter(|answer| matches!(answer, Accepted::Queued { .. })).count() as u64)
}

fn by_lane(messages: Vec<Message>) -> BTreeMap<SessionKey, Vec<Message>> {
    let mut lanes: BTreeMap<SessionKey, Vec<Message>> = BTreeMap::new();
    for message in messages {
        lanes.entry(message.lane()).or_default().push(message);
    }
    lanes
}
