//! Looking at a message and at a queue: where what waits stands, and when it is expected to leave.

use crate::{
    Env, MessageId, Timestamp,
    auth::Principal,
    messages::{Direction, Message, Priority, SendPorts},
    ports::{LaneDepth, Lanes, Place, PortResult, Standing},
    sessions::{Forecast, Session},
};

/// Messages of a queue that are shown one by one.
const FRONT: u32 = 20;

/// A message that waits, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Where it is and how often it was tried.
    pub standing: Standing,
    /// When it is tried next, as things stand; `None` when it is being tried, when its queue is paused, and
    /// when that lies too far ahead.
    pub expected_at: Option<Timestamp>,
}

/// A queue, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOutlook {
    /// How full it is.
    pub depth: LaneDepth,
    /// The messages that leave first.
    pub front: Vec<(MessageId, Outlook)>,
    /// When what is ready now will have left; `None` when it is paused or that lies too far ahead.
    pub drained_by: Option<Timestamp>,
}

/// A message of a tenant: as its queue has it while it waits, else as it is on record.
///
/// # Errors
/// As the ports report them.
pub(super) async fn find(
    ports: SendPorts<'_>,
    caller: Principal,
    id: MessageId,
) -> PortResult<Option<(Message, Option<Standing>)>> {
    let recorded = ports.messages.get(caller.workspace, id).await?;
    let found = match recorded {
        // accepted a moment ago: the record does not know it yet, the queue does
        None => ports.lanes.peek(caller.workspace, id).await?,
        found => found,
    };
    let Some(message) = found else { return Ok(None) };
    if message.direction == Direction::In || !message.status.is_pending() {
        return Ok(Some((message, None)));
    }
    Ok(Some(match ports.lanes.standing(message.lane(), id).await? {
        // a change may not have reached the record yet; how far it has come stands there
        Some((queued, standing)) if queued.revision > message.revision => (queued, Some(standing)),
        Some((_, standing)) => (message, Some(standing)),
        None => (message, None),
    }))
}

/// A message as [`find`] finds it, with its outlook while it waits.
///
/// # Errors
/// As the ports report them.
pub async fn look(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    id: MessageId,
) -> PortResult<Option<(Message, Option<Outlook>)>> {
    let Some((message, standing)) = find(ports, caller, id).await? else { return Ok(None) };
    let (Some(standing), Some(session)) =
        (standing, ports.sessions.get(caller.workspace, message.session).await?)
    else {
        return Ok(Some((message, None)));
    };
    let depth = ports.lanes.depth(session.key()).await?;
    let forecast = forecast(env, ports.lanes, &session, &depth).await?;
    let outlook =
        Outlook { standing, expected_at: expected(&forecast, depth.paused, standing, message.priority) };
    Ok(Some((message, Some(outlook))))
}

/// A session's queue and what leaves first.
///
/// # Errors
/// As the ports report them.
pub async fn look_at_queue(env: &Env, lanes: &dyn Lanes, session: &Session) -> PortResult<QueueOutlook> {
    let depth = lanes.depth(session.key()).await?;
    let forecast = forecast(env, lanes, session, &depth).await?;
    let mut front = Vec::new();
    for (id, standing) in lanes.front(session.key(), FRONT).await? {
        // interactive messages come first
        let priority = match standing.place {
            Place::Ready { ahead } if ahead >= depth.in_flight + depth.interactive => Priority::Bulk,
            _ => Priority::Interactive,
        };
        let expected_at = expected(&forecast, depth.paused, standing, priority);
        front.push((id, Outlook { standing, expected_at }));
    }
    let last = if depth.bulk > 0 { Priority::Bulk } else { Priority::Interactive };
    let before_last = (depth.in_flight + depth.interactive + depth.bulk).saturating_sub(1);
    let drained_by = if depth.paused { None } else { forecast.expected(before_last, last) };
    Ok(QueueOutlook { depth, front, drained_by })
}

async fn forecast<'a>(
    env: &Env,
    lanes: &dyn Lanes,
    session: &'a Session,
    depth: &LaneDepth,
) -> PortResult<Forecast<'a>> {
    let now = env.now();
    let tally = lanes.tally(session.key()).await?;
    Ok(Forecast::of(session, tally, depth.held_until.map_or(now, |held| held.max(now))))
}

fn expected(
    forecast: &Forecast<'_>,
    paused: bool,
    standing: Standing,
    priority: Priority,
) -> Option<Timestamp> {
    match standing.place {
        _ if paused => None,
        Place::InFlight => None,
        Place::Ready { ahead } => forecast.expected(ahead, priority),
        Place::Due(moment) | Place::Parked { until: moment } => Some(moment.max(forecast.from)),
    }
}
