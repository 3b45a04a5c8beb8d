//! Accepting a message: checked whole, then one atomic step into the session's lane.

use super::{charge, compose::Composer, when::When};
use crate::{
    Env, Invalid, MediaId, SessionId, Timestamp,
    auth::Principal,
    events::{Event, EventData},
    limits::{Decision, Refusal, Terms},
    messages::{MediaKind, Message, Priority},
    ports::{Accept, Accepted, Lanes, MediaIndex, Messages, PortError, PortResult, Sessions, Tally, Unless},
    sessions::{Forecast, Session},
};

/// Longest text of a message, in characters (WhatsApp's own limit).
pub const MAX_TEXT: usize = 65_536;

/// What to send.
#[derive(Debug, Clone)]
pub enum Body {
    /// Text.
    Text(String),
    /// A staged media object.
    Media {
        /// How it is shown.
        kind: MediaKind,
        /// The staged object.
        media: MediaId,
        /// Text below it.
        caption: Option<String>,
        /// Name of the file, overriding the staged one.
        file_name: Option<String>,
    },
}

/// A request to send one message.
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// Session to send through.
    pub session: SessionId,
    /// Number or JID, as the caller wrote it.
    pub to: String,
    /// What to send.
    pub body: Body,
    /// Our id of the message to answer.
    pub reply_to: Option<String>,
    /// Numbers or JIDs to mention.
    pub mentions: Vec<String>,
    /// Which queue.
    pub priority: Priority,
    /// Not before this moment; at once when absent.
    pub send_at: Option<When>,
    /// After this moment (RFC 3339) it is not sent any more; 24 hours after it is to leave when absent.
    pub expires_at: Option<String>,
    /// The campaign it belongs to: a name by which many can be cancelled.
    pub campaign: Option<String>,
    /// Fixes the id, so that a repeated request makes one message.
    pub seed: Option<ulid::Ulid>,
}

/// An accepted message and the session it waits for.
#[derive(Debug, Clone)]
pub struct SentMessage {
    /// The message as queued.
    pub message: Message,
    /// The session as it stood.
    pub session: Session,
    /// Messages of the session that leave before it as things stand; absent when it was accepted before.
    pub ahead: Option<u64>,
    /// When it is expected to leave; absent when it was accepted before, and when that lies too far ahead.
    pub expected_at: Option<Timestamp>,
    /// What the workspace has left of what it may send, where there is a limit.
    pub left: Option<Decision>,
}

/// Why a message was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such session in this workspace.
    #[error("no such session")]
    SessionNotFound,
    /// The workspace may not send so much, or not at all.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A machine behind us failed; nothing was accepted.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Where [`send`] looks things up and leaves the message.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct SendPorts<'a> {
    /// Sessions of the workspace.
    pub sessions: &'a dyn Sessions,
    /// Messages on record, for quotes.
    pub messages: &'a dyn Messages,
    /// Staged media.
    pub media: &'a dyn MediaIndex,
    /// The queue.
    pub lanes: &'a dyn Lanes,
    /// What workspaces may send.
    pub terms: Terms<'a>,
}

/// Charges the workspace for a message and accepts it into its session's lane. Safe to repeat with the same `seed`, which is
/// not charged twice.
///
/// # Errors
/// See [`SendError`]; on any error nothing was queued.
pub async fn send(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    request: SendMessage,
) -> Result<SentMessage, SendError> {
    let session = session_of(ports, caller, request.session).await?;
    let may_be_repeated = request.seed.is_some();
    let message = Composer::new(env, ports, caller, &session).compose(request).await?;
    let tally = used_up(ports, &session).await?;
    let charged = charge::charge(ports, &session, &[&message], may_be_repeated).await?;
    let accepted = ports.lanes.accept(session.key(), &[accepting(env, &message)]).await?;
    charge::settle(ports, &session, &charged, &accepted).await?;
    let ahead = accepted.first().copied().and_then(ahead);
    let expected_at = ahead.and_then(|ahead| expected(env, &session, tally, &message, ahead));
    Ok(SentMessage { message, session, ahead, expected_at, left: charged.left })
}

/// What a session has sent today, if it matters for when the next one leaves.
pub(super) async fn used_up(ports: SendPorts<'_>, session: &Session) -> PortResult<Tally> {
    match session.pacing.per_day {
        Some(_) => ports.lanes.tally(session.key()).await,
        None => Ok(Tally::default()),
    }
}

/// When a message just accepted is expected to leave.
pub(super) fn expected(
    env: &Env,
    session: &Session,
    tally: Tally,
    message: &Message,
    ahead: u64,
) -> Option<Timestamp> {
    message.due().or_else(|| Forecast::of(session, tally, env.now()).expected(ahead, message.priority))
}

/// The session to send through.
pub(super) async fn session_of(
    ports: SendPorts<'_>,
    caller: Principal,
    id: SessionId,
) -> Result<Session, SendError> {
    ports.sessions.get(caller.workspace, id).await?.ok_or(SendError::SessionNotFound)
}

/// A new message with its event.
pub(super) fn accepting(env: &Env, message: &Message) -> Accept {
    let event = Event::new(env, message.lane(), EventData::MessageAccepted(Box::new(message.clone())));
    Accept { message: message.clone(), event, unless: Unless::Known }
}

/// Messages that leave before one that was queued.
pub(super) const fn ahead(accepted: Accepted) -> Option<u64> {
    match accepted {
        Accepted::Queued { ahead } => Some(ahead),
        Accepted::Already => None,
    }
}
