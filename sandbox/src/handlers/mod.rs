//! What the network does with a stanza: one file per stanza kind, one line in [`STANZAS`];
//! IQs have a table of their own in [`iq`].

mod ack;
mod call;
mod chatstate;
mod ib;
mod iq;
mod message;
mod presence;
mod receipt;

use std::sync::Arc;

use anyhow::Result;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use wacore_binary::Node;

use crate::core::Core;
use crate::ports::{PortError, PortResult};
use crate::router::{Exchange, Origin, Replies};
use crate::stream::Stage;
use crate::wire::Conn;

/// Handles a stanza of a logged-in device or of a phone.
type StanzaHandler = fn(Exchange, Node) -> BoxFuture<'static, Result<()>>;

/// Tag and handler, and whether phones may submit it too.
const STANZAS: &[(&str, StanzaHandler, Submit)] = &[
    ("message", message::handle, Submit::Phones),
    ("receipt", receipt::handle, Submit::Phones),
    ("presence", presence::handle, Submit::Phones),
    ("chatstate", chatstate::handle, Submit::Phones),
    ("call", call::handle, Submit::Phones),
    ("ack", ack::handle, Submit::ClientsOnly),
    ("ib", ib::handle, Submit::ClientsOnly),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Submit {
    Phones,
    ClientsOnly,
}

/// Handles a stanza from a connection. Failures are logged; the connection lives on.
pub(crate) async fn dispatch(core: &Arc<Core>, conn: &Arc<Conn>, stage: &Stage, node: Node) {
    if node.tag == "iq" {
        iq::dispatch(core, conn, stage, node).await;
        return;
    }
    let Stage::Online(origin) = stage else {
        tracing::debug!(conn = conn.id, tag = %node.tag, "stanza before login ignored");
        return;
    };
    let Some((tag, handler, _)) = STANZAS.iter().find(|(tag, ..)| *tag == node.tag) else {
        tracing::info!(conn = conn.id, tag = %node.tag, "unknown stanza acknowledged");
        if node.attrs.contains_key("id") {
            conn.send(core.ack(&node, None));
        }
        return;
    };
    let exchange =
        Exchange { core: Arc::clone(core), origin: origin.clone(), replies: Replies::Wire(Arc::clone(conn)) };
    if let Err(error) = handler(exchange, node).await {
        tracing::error!(conn = conn.id, tag, error = %format!("{error:#}"), "stanza failed");
    }
}

/// Handles a stanza of a phone and returns the server's ack, where it gets one.
pub(crate) async fn submit(core: &Arc<Core>, pn: &str, node: Node) -> PortResult<Option<Node>> {
    let entry = STANZAS.iter().find(|(tag, _, submit)| *tag == node.tag && *submit == Submit::Phones);
    let Some((_, handler, _)) = entry else {
        return Err(PortError::Refused(format!("a phone does not send <{}>", node.tag)));
    };
    let account = core.find(pn).await?.ok_or_else(|| PortError::NotFound(format!("no account {pn}")))?;
    let (sender, receiver) = oneshot::channel();
    let replies = Replies::Phone(Arc::new(std::sync::Mutex::new(Some(sender))));
    let exchange = Exchange { core: Arc::clone(core), origin: Origin { account, device: 0 }, replies };
    handler(exchange, node).await?;
    // A handler that answers nothing has dropped its sender by now.
    Ok(receiver.await.ok())
}

/// Answers an IQ of a phone; what follows the answer runs behind it.
pub(crate) async fn query(core: &Arc<Core>, pn: &str, node: Node) -> PortResult<Node> {
    let account = core.find(pn).await?.ok_or_else(|| PortError::NotFound(format!("no account {pn}")))?;
    let stage = Stage::Online(Origin { account, device: 0 });
    let (answer, then) = iq::ask(iq::Request { core: Arc::clone(core), conn: None, stage, node }).await;
    if let Some(then) = then {
        core.tasks.spawn(then);
    }
    Ok(answer)
}
