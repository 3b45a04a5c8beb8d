//! Telling a webhook once more what it was told, or what it missed.

use super::{Delivery, DeliveryState, SaveError, Webhook};
use crate::{
    DeliveryId, Env, Invalid, SessionId, Timestamp, WebhookId,
    auth::Principal,
    events::EventFilter,
    ids::{Id, ulid},
    ports::{Deliveries, DeliveryQuery, ToldEvents, ToldQuery, Webhooks},
};

/// Events one request replays at most.
pub const MAX_REPLAYED: u32 = 10_000;
/// Events looked at together.
const PAGE: u32 = 500;

/// What replaying needs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct ReplayPorts<'a> {
    /// Webhooks on record.
    pub webhooks: &'a dyn Webhooks,
    /// Deliveries on record.
    pub deliveries: &'a dyn Deliveries,
    /// Events.
    pub told: &'a dyn ToldEvents,
}

/// Which events.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment; now when absent.
    pub until: Option<Timestamp>,
    /// Of these types; none given: those the webhook wants.
    pub events: Vec<EventFilter>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Only what was given up.
    pub only_failed: bool,
}

/// What became of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Events that wait to be told again.
    pub events: u32,
    /// There are more: ask again from this moment.
    pub more_from: Option<Timestamp>,
}

/// Lets one delivery that has ended wait again.
///
/// # Errors
/// See [`SaveError`].
pub async fn retry(
    env: &Env,
    ports: ReplayPorts<'_>,
    caller: Principal,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Option<Delivery>, SaveError> {
    let now = env.now();
    if ports.deliveries.retry(caller.workspace, webhook, &[id], now).await? == 0 {
        return Ok(None);
    }
    ports.webhooks.touch(caller.workspace, webhook, now).await?;
    Ok(ports.deliveries.get(caller.workspace, id).await?)
}

/// Tells a webhook a span of events once more.
///
/// # Errors
/// See [`SaveError`].
pub async fn replay(
    env: &Env,
    ports: ReplayPorts<'_>,
    caller: Principal,
    id: WebhookId,
    replay: Replay,
) -> Result<Replayed, SaveError> {
    let webhook = ports.webhooks.get(caller.workspace, id).await?.ok_or(SaveError::NotFound)?;
    let until = replay.until.unwrap_or_else(|| env.now().plus(std::time::Duration::from_millis(1)));
    if until <= replay.from {
        return Err(Invalid::new("until", "is not after from", "name a later moment, or leave it out").into());
    }
    let done = if replay.only_failed {
        retry_failed(env, ports, &webhook, &replay, until).await?
    } else {
        tell_again(env, ports, &webhook, &replay, until).await?
    };
    ports.webhooks.touch(caller.workspace, id, env.now()).await?;
    Ok(done)
}

async fn tell_again(
    env: &Env,
    ports: ReplayPorts<'_>,
    webhook: &Webhook,
    replay: &Replay,
    until: Timestamp,
) -> Result<Replayed, SaveError> {
    let nothing = Replayed { events: 0, more_from: None };
    let now = env.now();
    let (from, until) = (replay.from.as_millis(), until.as_millis());
    let Some((first, last)) = ports.told.span(webhook.workspace, from, until).await? else {
        return Ok(nothing);
    };
    let filters = if replay.events.is_empty() { &webhook.events } else { &replay.events };
    let mut query = ToldQuery {
        session: replay.session.or(webhook.session),
        kinds: EventFilter::kinds(filters),
        after: first.saturating_sub(1),
        until: Some(last),
        limit: PAGE,
        ..ToldQuery::default()
    };
    let mut events = 0;
    loop {
        let entries = ports.told.list(webhook.workspace, &query).await?;
        let Some(end) = entries.last() else { break };
        query.after = end.seq;
        let more = entries.len() >= PAGE as usize;
        let deliveries: Vec<Delivery> = entries
            .iter()
            .filter(|entry| (from..until).contains(&entry.told.at.as_millis()))
            .map(|entry| Delivery { next_at: Some(now), ..Delivery::new(env.new_id(), webhook, entry, now) })
            .collect();
        ports.deliveries.add(&deliveries).await?;
        events += u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
        if !more {
            break;
        }
        if events >= MAX_REPLAYED {
            return Ok(Replayed { events, more_from: Some(end.told.at) });
        }
    }
    Ok(Replayed { events, more_from: None })
}

async fn retry_failed(
    env: &Env,
    ports: ReplayPorts<'_>,
    webhook: &Webhook,
    replay: &Replay,
    until: Timestamp,
) -> Result<Replayed, SaveError> {
    // a delivery's id begins with the time of its event
    let end = |at: Timestamp| DeliveryId::from_ulid(ulid(at, 0));
    let mut query = DeliveryQuery {
        state: Some(DeliveryState::Failed),
        session: replay.session,
        before: Some(end(until)),
        limit: PAGE,
        ..DeliveryQuery::default()
    };
    let (now, mut events) = (env.now(), 0);
    loop {
        let page = ports.deliveries.list(webhook.workspace, webhook.id, &query).await?;
        query.before = page.last().map(|delivery| delivery.id);
        let more = page.len() >= PAGE as usize && page.last().is_some_and(|last| last.id >= end(replay.from));
        let ids: Vec<DeliveryId> = page
            .iter()
            .filter(|delivery| delivery.id >= end(replay.from))
            .filter(|delivery| EventFilter::any(&replay.events, delivery.kind))
            .map(|delivery| delivery.id)
            .collect();
        let retried = ports.deliveries.retry(webhook.workspace, webhook.id, &ids, now).await?;
        events += u32::try_from(retried).unwrap_or(u32::MAX);
        if !more {
            return Ok(Replayed { events, more_from: None });
        }
        if events >= MAX_REPLAYED {
            return Ok(Replayed { events, more_from: Some(replay.from) });
        }
    }
}
