//! `<call>`: signalling between devices, and links to calls.

use anyhow::Result;
use futures::future::BoxFuture;
use rand::RngExt;
use rand::distr::Alphanumeric;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use super::message::is_user;
use crate::nodes::{jid, text};
use crate::router::Exchange;

/// Refusal: nothing that this network does.
const NOT_SERVED: u16 = 404;
/// Length of a link's token.
const TOKEN_LENGTH: usize = 22;

pub(super) fn handle(exchange: Exchange, node: Node) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let link = node.get_optional_child("link_create");
        match (jid(&node, "to"), link) {
            (Some(to), _) if is_user(to.server) => return exchange.call(&node, &to).await,
            (Some(to), Some(link)) if to.server == Server::Call => create_link(&exchange, &node, link),
            _ => exchange.answer(&node, Some(NOT_SERVED)),
        }
        Ok(())
    })
}

/// Makes a link; nobody can join by it, for media is no part of this network.
fn create_link(exchange: &Exchange, node: &Node, asked: &Node) {
    let token: String = rand::rng().sample_iter(Alphanumeric).take(TOKEN_LENGTH).map(char::from).collect();
    let media = text(asked, "media").unwrap_or_else(|| "audio".to_owned());
    let link = NodeBuilder::new("link_create").attr("token", token).attr("media", media).build();
    let mut answer = exchange.core.ack(node, None);
    answer.attrs.insert("type", "link_create");
    answer.content = Some(wacore_binary::NodeContent::Nodes(vec![link]));
    exchange.replies.send(answer);
}
