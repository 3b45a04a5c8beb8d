//! What accepting messages costs their workspace.

use super::{SendError, SendPorts};
use crate::{
    limits::{Decision, Refusal},
    messages::Message,
    ports::{Accepted, PortResult},
    sessions::Session,
};

/// What was charged for messages that are about to be accepted.
pub(super) struct Charged {
    /// What is left, where there is a limit.
    pub(super) left: Option<Decision>,
    /// Messages that were not charged for, because they had been accepted before.
    spared: usize,
}

/// Charges for messages. Those of a repeated request that were accepted the first time cost nothing, so that it is not refused
/// for what it has used up itself.
pub(super) async fn charge(
    ports: SendPorts<'_>,
    session: &Session,
    messages: &[&Message],
    may_be_repeated: bool,
) -> Result<Charged, SendError> {
    match ports.terms.charge(session.key(), count(messages.len())).await {
        Err(Refusal::Limited(decision)) if may_be_repeated => {
            let spared = known(ports, messages).await?;
            match messages.len().saturating_sub(spared) {
                0 => Ok(Charged { left: None, spared }),
                _ if spared == 0 => Err(Refusal::Limited(decision).into()),
                new => {
                    let left = ports.terms.charge(session.key(), count(new)).await?;
                    Ok(Charged { left, spared })
                }
            }
        }
        charged => Ok(Charged { left: charged?, spared: 0 }),
    }
}

/// Gives back what was charged for messages that turned out to be accepted before.
pub(super) async fn settle(
    ports: SendPorts<'_>,
    session: &Session,
    charged: &Charged,
    accepted: &[Accepted],
) -> PortResult<()> {
    let already = accepted.iter().filter(|accepted| matches!(accepted, Accepted::Already)).count();
    let too_much = count(already.saturating_sub(charged.spared));
    ports.terms.give_back(session.workspace, charged.left.as_ref(), too_much).await
}

/// How many of these messages were accepted before. They are accepted in their order, so without the first there are none.
async fn known(ports: SendPorts<'_>, messages: &[&Message]) -> PortResult<usize> {
    let mut known = 0;
    for message in messages {
        if ports.lanes.peek(message.workspace, message.id).await?.is_none()
            && ports.messages.get(message.workspace, message.id).await?.is_none()
        {
            break;
        }
        known += 1;
    }
    Ok(known)
}

fn count(messages: usize) -> u32 {
    u32::try_from(messages).unwrap_or(u32::MAX)
}
