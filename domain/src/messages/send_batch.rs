//! Accepting many messages of one session: each is taken or refused by itself.

use super::{
    charge,
    compose::Composer,
    send::{accepting, ahead, expected, session_of, used_up},
};
use crate::{
    Env, SessionId,
    auth::Principal,
    limits::Decision,
    messages::{SendError, SendMessage, SendPorts, SentMessage},
    ports::PortError,
};

/// Most messages of one batch.
pub const MAX_BATCH: usize = 1_000;

/// What became of a batch.
#[derive(Debug)]
pub struct SentBatch {
    /// Each message, in the order of the requests.
    pub messages: Vec<Result<SentMessage, SendError>>,
    /// What the workspace has left of what it may send, where there is a limit.
    pub left: Option<Decision>,
}

/// Charges the workspace for the messages that are right and accepts them in their order: all of them, or none where that
/// is more than it may send. Safe to repeat with the same seeds. All requests must name `session`.
///
/// # Errors
/// [`SendError::SessionNotFound`], [`SendError::Refused`], or a failure of a machine behind us after which nothing or only the
/// first messages were queued: repeat it with the same seeds. What is wrong with single messages stands
/// in the answers.
pub async fn send_batch(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    session: SessionId,
    requests: Vec<SendMessage>,
) -> Result<SentBatch, SendError> {
    let session = session_of(ports, caller, session).await?;
    let mut composer = Composer::new(env, ports, caller, &session);
    let may_be_repeated = requests.iter().any(|request| request.seed.is_some());
    let mut composed = Vec::with_capacity(requests.len());
    for request in requests {
        match composer.compose(request).await {
            Err(SendError::Port(error)) => return Err(error.into()),
            other => composed.push(other),
        }
    }
    let right: Vec<_> = composed.iter().flatten().collect();
    if right.is_empty() {
        let messages = composed.into_iter().filter_map(Result::err).map(Err).collect();
        return Ok(SentBatch { messages, left: None });
    }
    let charged = charge::charge(ports, &session, &right, may_be_repeated).await?;
    let accepts: Vec<_> = right.into_iter().map(|message| accepting(env, message)).collect();
    let tally = used_up(ports, &session).await?;
    let accepted = ports.lanes.accept(session.key(), &accepts).await?;
    charge::settle(ports, &session, &charged, &accepted).await?;
    let mut accepted = accepted.into_iter();
    let messages = composed.into_iter().map(|composed| match composed {
        Ok(message) => {
            let ahead = ahead(accepted.next().ok_or_else(unanswered)?);
            let expected_at = ahead.and_then(|ahead| expected(env, &session, tally, &message, ahead));
            Ok(Ok(SentMessage { message, session: session.clone(), ahead, expected_at, left: None }))
        }
        Err(refused) => Ok(Err(refused)),
    });
    Ok(SentBatch { messages: messages.collect::<Result<_, SendError>>()?, left: charged.left })
}

fn unanswered() -> SendError {
    PortError::Internal { what: "the queue", source: "a message was not answered".into() }.into()
}
