//! What the network does with a stanza: one file per stanza kind, one line in [`STANZAS`];
//! IQs have a table of their own in [`iq`].

mod ack;
mod call;
mod chatstate;
mod ib;
mod iq;
mod message;
mod phone;
mod presence;
mod receipt;

use std::sync::Arc;

use anyhow::Result;
use futures::future::BoxFuture;
use wacore_binary::Node;

use crate::core::Core;
use crate::router::{Exchange, Replies};
use crate::stream::Stage;
use crate::wire::Conn;

pub(crate) use iq::error as iq_error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use iq::requests;
pub(crate) use phone::{query, submit};

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

/// Tags that are handled, for the fuzz targets.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn stanza_tags() -> impl Iterator<Item = &'static str> {
    STANZAS.iter().map(|(tag, ..)| *tag)
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
