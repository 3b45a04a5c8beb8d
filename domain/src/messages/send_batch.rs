//! Accepting many messages of one session: each is taken or refused by itself.

use super::{
    compose::Composer,
    send::{accepting, ahead, expected, session_of, used_up},
};
use crate::{
    Env, SessionId,
    auth::Principal,
    messages::{SendError, SendMessage, SendPorts, SentMessage},
    ports::PortError,
};

/// Most messages of one batch.
pub const MAX_BATCH: usize = 1_000;

/// Accepts the messages that are right, in their order; the answers stand in the order of the requests.
/// Safe to repeat with the same seeds. All requests must name `session`.
///
/// # Errors
/// [`SendError::SessionNotFound`], or a failure of a machine behind us after which nothing or only the
/// first messages were queued: repeat it with the same seeds. What is wrong with single messages stands
/// in the answers.
pub async fn send_batch(
    env: &Env,
    ports: SendPorts<'_>,
    caller: Principal,
    session: SessionId,
    requests: Vec<SendMessage>,
) -> Result<Vec<Result<SentMessage, SendError>>, SendError> {
    let session = session_of(ports, caller, session).await?;
    let mut composer = Composer::new(env, ports, caller, &session);
    let mut composed = Vec::with_capacity(requests.len());
    for request in requests {
        match composer.compose(request).await {
            Err(SendError::Port(error)) => return Err(error.into()),
            other => composed.push(other),
        }
    }
    let accepts: Vec<_> = composed.iter().flatten().map(|message| accepting(env, message)).collect();
    let tally = used_up(ports, &session).await?;
    let mut accepted = ports.lanes.accept(session.key(), &accepts).await?.into_iter();
    composed
        .into_iter()
        .map(|composed| match composed {
            Ok(message) => {
                let accepted = accepted.next().ok_or_else(unanswered)?;
                let ahead = ahead(accepted);
                let expected_at = ahead.and_then(|ahead| expected(env, &session, tally, &message, ahead));
                Ok(Ok(SentMessage { message, session: session.clone(), ahead, expected_at }))
            }
            Err(refused) => Ok(Err(refused)),
        })
        .collect()
}

fn unanswered() -> SendError {
    PortError::Internal { what: "the queue", source: "a message was not answered".into() }.into()
}
