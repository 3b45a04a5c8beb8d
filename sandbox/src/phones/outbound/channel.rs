//! Posts to a channel, and what is done to them: plaintext, under the id of the post.

use wacore::send::{media_type_from_message, stanza_type_from_message};
use wacore::types::message::{AddressingMode, EditAttribute};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use waproto::codec::message_to_vec;
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::content::Body;
use super::message::{Chat, Outgoing};
use crate::ports::{PortError, PortResult};

impl Simulated {
    /// The stanza of a post or of an act on one; the phone shows it from then on.
    pub(super) async fn channel_post(
        &self,
        phone: &Phone,
        channel: &Jid,
        outgoing: &Outgoing,
        id: &str,
    ) -> PortResult<Node> {
        let to = Chat::group(channel.clone(), AddressingMode::Pn, None);
        let mut composed = self.compose(phone, &to, outgoing).await?;
        // what everybody may read has no secrets
        composed.message.message_context_info.take();
        let stanza = match &composed.content.body {
            Some(Body::Reaction(act)) => {
                let post = self.server_id_of(phone, channel, &act.message).await?;
                reaction(channel, id, post, &act.emoji)
            }
            Some(Body::Edit(act)) => {
                let edited = &composed.message.protocol_message.edited_message;
                post(channel, &act.message, edited)
                    .attr("edit", EditAttribute::AdminEdit.to_string_val())
                    .build()
            }
            Some(Body::Revoke(act)) => {
                let nothing = wa::Message::default();
                let edit = EditAttribute::AdminRevoke.to_string_val();
                post(channel, &act.message, &nothing).attr("edit", edit).build()
            }
            Some(act) if act.target().is_some() => {
                return Err(PortError::Refused("this cannot be done in a channel".to_owned()));
            }
            _ => post(channel, id, &composed.message).build(),
        };
        let entry = self.outgoing_entry(phone, &to, id, &composed);
        let mut tx = self.store.begin().await?;
        entry.store_sent(&mut tx, phone.pn()).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(stanza)
    }
}

fn post(channel: &Jid, id: &str, message: &wa::Message) -> NodeBuilder {
    let plaintext = NodeBuilder::new("plaintext").bytes(message_to_vec(message));
    let plaintext = match media_type_from_message(message) {
        Some(kind) => plaintext.attr("mediatype", kind),
        None => plaintext,
    };
    let kind = stanza_type_from_message(message);
    let poll = (kind == "poll").then(|| NodeBuilder::new("meta").attr("polltype", "creation").build());
    NodeBuilder::new("message")
        .attr("to", channel)
        .attr("id", id)
        .attr("type", kind)
        .children(std::iter::once(plaintext.build()).chain(poll))
}

fn reaction(channel: &Jid, id: &str, post: u64, emoji: &str) -> Node {
    NodeBuilder::new("message")
        .attr("to", channel)
        .attr("id", id)
        .attr("type", "reaction")
        .attr("server_id", post)
        .children([NodeBuilder::new("reaction").attr("code", emoji).build()])
        .build()
}
