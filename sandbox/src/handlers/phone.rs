//! What phones send and ask, which reaches the network without a socket.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use wacore_binary::Node;

use super::{STANZAS, Submit, iq, iq_error};
use crate::core::Core;
use crate::faults::Effect;
use crate::ports::{PortError, PortResult};
use crate::router::{Account, Exchange, Origin, Replies};
use crate::stream::Stage;
use crate::trace::Direction;

/// A stanza of a phone as faults have bent it.
enum Bent {
    /// It comes so many times, which may be never.
    Comes(u8),
    /// It is answered and goes no further.
    Answered(Node),
}

/// Handles a stanza of a phone and returns the server's ack, where it gets one.
pub(crate) async fn submit(core: &Arc<Core>, pn: &str, node: Node) -> PortResult<Option<Node>> {
    let account = connected(core, pn).await?;
    let mut first = None;
    match bend(core, &account, &node).await {
        Bent::Answered(answer) => return Ok(Some(answer)),
        Bent::Comes(times) => {
            for _ in 0..times {
                let answer = handle(core, &account, node.clone()).await?;
                first = first.or(answer);
            }
        }
    }
    Ok(first)
}

/// Answers an IQ of a phone; what follows the answer runs behind it.
pub(crate) async fn query(core: &Arc<Core>, pn: &str, node: Node) -> PortResult<Node> {
    let account = connected(core, pn).await?;
    match bend(core, &account, &node).await {
        Bent::Answered(answer) => return Ok(answer),
        Bent::Comes(0) => return Err(PortError::Refused("the network does not answer".into())),
        Bent::Comes(_) => {}
    }
    let stage = Stage::Online(Origin { account, device: 0 });
    let (answer, then) = iq::ask(iq::Request { core: Arc::clone(core), conn: None, stage, node }).await;
    if let Some(then) = then {
        core.tasks.spawn(then);
    }
    Ok(answer)
}

/// The account of a phone that has a network.
async fn connected(core: &Core, pn: &str) -> PortResult<Arc<Account>> {
    let account = core.find(pn).await?.ok_or_else(|| PortError::NotFound(format!("no account {pn}")))?;
    if core.pump.is_offline(account.pn) {
        return Err(PortError::Refused(format!("the phone {pn} is offline")));
    }
    Ok(account)
}

async fn handle(core: &Arc<Core>, account: &Arc<Account>, node: Node) -> PortResult<Option<Node>> {
    let entry = STANZAS.iter().find(|(tag, _, submit)| *tag == node.tag && *submit == Submit::Phones);
    let Some((_, handler, _)) = entry else {
        return Err(PortError::Refused(format!("a phone does not send <{}>", node.tag)));
    };
    let (sender, receiver) = oneshot::channel();
    let replies = Replies::Phone(Arc::new(std::sync::Mutex::new(Some(sender))));
    let origin = Origin { account: Arc::clone(account), device: 0 };
    handler(Exchange { core: Arc::clone(core), origin, replies }, node).await?;
    // A handler that answers nothing has dropped its sender by now.
    Ok(receiver.await.ok())
}

async fn bend(core: &Core, account: &Account, node: &Node) -> Bent {
    let tap = core.tap_on_phone(account.pn);
    let Some(effect) = tap.and_then(|tap| tap.stanza(Direction::In, node, None)) else {
        return Bent::Comes(1);
    };
    match effect {
        Effect::Drop => Bent::Comes(0),
        Effect::Duplicate => Bent::Comes(2),
        Effect::Nack { code } => Bent::Answered(core.ack(node, Some(code))),
        Effect::IqError { code, text, wait_seconds } => {
            Bent::Answered(iq_error(node, code, text.as_deref(), wait_seconds))
        }
        Effect::Delay { ms, .. } => {
            core.clock.sleep(Duration::from_millis(ms)).await;
            Bent::Comes(1)
        }
        // A phone waits for each of its stanzas: there are none to shuffle.
        _ => Bent::Comes(1),
    }
}
