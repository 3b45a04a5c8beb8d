//! Changing what waits: edit, cancel, purge, and queueing again what has failed.

use super::{
    compose::Composer,
    look::find,
    when::{Schedule, When, schedule},
};
use crate::{
    Address, Env, Invalid, MessageId, SessionId,
    address::BadAddress,
    auth::Principal,
    events::{Event, EventData},
    limits::Refusal,
    messages::{Body, Direction, Failure, Message, Priority, SendError, SendPorts, Status, Times},
    ports::{Accept, Accepted, Edited, Lanes, PortError, PortResult, Unless, Which},
    sessions::{Session, SessionKey},
};

/// How often an edit is tried again when somebody else was faster.
const ATTEMPTS: u32 = 5;
/// Messages cancelled at a time.
const BATCH: usize = 500;

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct EditMessage {
    /// What it carries.
    pub body: Option<Body>,
    /// When it leaves; `Some(None)` is "at once".
    pub send_at: Option<Option<When>>,
    /// Until when (RFC 3339); when only `send_at` changes, 24 hours after it.
    pub expires_at: Option<String>,
    /// Which queue.
    pub priority: Option<Priority>,
}

/// Why a message was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such message in this workspace, or it came in.
    #[error("no such message")]
    NotFound,
    /// No such session in this workspace.
    #[error("no such session")]
    SessionNotFound,
    /// It does not wait any more.
    #[error("the message is {0}")]
    TooLate(Status),
    /// It has neither failed nor expired.
    #[error("the message is {0}")]
    NotFailed(Status),
    /// The workspace may send nothing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others keep changing it.
    #[error("the message is being changed by others")]
    Contended,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<SendError> for ChangeError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Invalid(wrong) => Self::Invalid(wrong),
            SendError::SessionNotFound => Self::SessionNotFound,
            SendError::Refused(refusal) => Self::Refused(refusal),
            SendError::Port(error) => Self::Port(error),
        }
    }
}

/// Changes a message that waits for its turn or its moment.
///
/// # Errors
/// See [`ChangeError`]; on any error nothing was changed.
pub async fn edit(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    id: MessageId,
    change: EditMessage,
) -> Result<Message, ChangeError> {
    for _ in 0..ATTEMPTS {
        let waiting = ports.lanes.peek(caller.workspace, id).await?;
        let Some(mut message) = waiting.filter(|message| message.direction == Direction::Out) else {
            return Err(gone(ports, caller, id).await?);
        };
        let session = ports.sessions.get(caller.workspace, message.session).await?;
        let session = session.ok_or(ChangeError::SessionNotFound)?;
        apply(env, ports, caller, &session, &mut message, change.clone()).await?;
        let event = Event::new(env, message.lane(), EventData::MessageEdited(Box::new(message.clone())));
        match ports.lanes.edit(&message, &event).await? {
            Edited::Done => return Ok(message),
            Edited::TooLate => return Err(gone(ports, caller, id).await?),
            Edited::Conflict => {}
        }
    }
    Err(ChangeError::Contended)
}

async fn apply(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    session: &Session,
    message: &mut Message,
    change: EditMessage,
) -> Result<(), ChangeError> {
    if let Some(body) = change.body {
        message.content = Composer::new(env, ports, caller, session).content(body).await?;
    }
    if change.send_at.is_some() || change.expires_at.is_some() {
        let kept = message
            .due()
            .filter(|due| *due > env.now())
            .map(|due| When { at: due.to_string(), time_zone: None });
        let moves = change.send_at.is_some();
        let send_at = change.send_at.unwrap_or(kept);
        let schedule = schedule(env.now(), send_at.as_ref(), change.expires_at.as_deref())?;
        if moves {
            message.send_at = schedule.send_at;
            message.status = schedule.status();
        }
        message.expires_at = Some(schedule.expires_at);
    }
    message.priority = change.priority.unwrap_or(message.priority);
    message.revision += 1;
    Ok(())
}

/// An outgoing message of the caller.
async fn ours(ports: SendPorts<'_>, caller: Principal, id: MessageId) -> PortResult<Option<Message>> {
    let found = find(ports, caller, id).await?.map(|(message, _)| message);
    Ok(found.filter(|message| message.direction == Direction::Out))
}

/// Why a message cannot be changed.
async fn gone(ports: SendPorts<'_>, caller: Principal, id: MessageId) -> PortResult<ChangeError> {
    let found = ours(ports, caller, id).await?;
    Ok(found
        .map_or(ChangeError::NotFound, |message| ChangeError::TooLate(message.status.max(Status::Sending))))
}

/// Cancels a message that waits for its turn or its moment; one that is cancelled stays so.
///
/// # Errors
/// See [`ChangeError`].
pub async fn cancel(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    id: MessageId,
) -> Result<Message, ChangeError> {
    let found = ours(ports, caller, id).await?;
    let mut message = found.ok_or(ChangeError::NotFound)?;
    let event = Event::status(env, message.lane(), id, Status::Cancelled, None);
    let at = event.at;
    if ports.lanes.cancel(message.lane(), &[(id, event)]).await? == [true] {
        message.status = Status::Cancelled;
        message.times.note(Status::Cancelled, at);
        return Ok(message);
    }
    match gone(ports, caller, id).await? {
        ChangeError::TooLate(Status::Cancelled) => {
            message.status = Status::Cancelled;
            Ok(message)
        }
        error => Err(error),
    }
}

/// Cancels what waits in a session, all of it or one chat's or one campaign's; returns how many.
/// Messages in flight go out.
///
/// # Errors
/// See [`ChangeError`]; some may have been cancelled then, and it is safe to repeat.
pub async fn purge(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    session: SessionId,
    chat: Option<&str>,
    campaign: Option<String>,
) -> Result<u64, ChangeError> {
    let session = ports.sessions.get(caller.workspace, session).await?.ok_or(ChangeError::SessionNotFound)?;
    let chat = chat
        .map(str::parse::<Address>)
        .transpose()
        .map_err(|why: BadAddress| Invalid::new("chat", why.to_string(), why.remedy()))?;
    Ok(cancel_waiting(env, ports.lanes, session.key(), &Which { chat, campaign }, None).await?)
}

/// Cancels what waits in a lane; `why` is told of each. Returns how many.
pub(crate) async fn cancel_waiting(
    env: &Env,
    lanes: &dyn Lanes,
    lane: SessionKey,
    which: &Which,
    why: Option<&Failure>,
) -> PortResult<u64> {
    let mut cancelled = 0;
    for group in lanes.waiting(lane, which).await?.chunks(BATCH) {
        let event = |id: &MessageId| (*id, Event::status(env, lane, *id, Status::Cancelled, why.cloned()));
        let events: Vec<_> = group.iter().map(event).collect();
        cancelled += lanes.cancel(lane, &events).await?.into_iter().filter(|done| *done).count() as u64;
    }
    Ok(cancelled)
}

/// Queues a message again that has failed or expired, under the same ids: a recipient who has it after
/// all is shown it once. It was charged for when it was first accepted. It was charged for when it was accepted.
///
/// # Errors
/// See [`ChangeError`].
pub async fn retry(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    id: MessageId,
) -> Result<Message, ChangeError> {
    ports.terms.active(caller.workspace).await?;
    let found = ours(ports, caller, id).await?;
    let mut message = found.ok_or(ChangeError::NotFound)?;
    if !matches!(message.status, Status::Failed | Status::Expired) {
        return Err(ChangeError::NotFailed(message.status));
    }
    if ports.sessions.get(caller.workspace, message.session).await?.is_none() {
        return Err(ChangeError::SessionNotFound);
    }
    let now = env.now();
    let Schedule { expires_at, .. } = schedule(now, None, None)?;
    message.status = Status::Accepted;
    message.failure = None;
    message.times = Times { accepted: message.times.accepted, ..Times::default() };
    message.send_at = None;
    message.expires_at = Some(expires_at);
    message.revision += 1;
    let event = Event::new(env, message.lane(), EventData::MessageRequeued(Box::new(message.clone())));
    let accept = Accept { message: message.clone(), event, unless: Unless::Waiting };
    match ports.lanes.accept(message.lane(), &[accept]).await?.first() {
        Some(Accepted::Queued { .. }) => Ok(message),
        _ => Err(ChangeError::NotFailed(Status::Accepted)),
    }
}
