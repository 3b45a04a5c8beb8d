//! Posts of channels that the phone's user follows.

use wacore_binary::{Jid, JidExt, Node, NodeContent};
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::content::{Body, Content, Edit, Revoke};
use super::super::store::{Direction, NewMessage, Status};
use crate::ports::{PortError, PortResult};

/// Whether a message comes from a channel.
pub(super) fn is_post(node: &Node) -> bool {
    node.attrs().optional_jid("from").is_some_and(|from| from.is_newsletter())
}

impl Simulated {
    /// Shows a post, or what its authors have done to it.
    pub(super) async fn receive_post(&self, phone: &Phone, node: &Node) -> PortResult<()> {
        let mut attrs = node.attrs();
        let missing = |what: &str| PortError::Refused(format!("post without {what}"));
        let channel: Jid = attrs.optional_jid("from").ok_or_else(|| missing("from"))?;
        let id = attrs.optional_string("id").ok_or_else(|| missing("id"))?.into_owned();
        let own = attrs.optional_string("is_sender").is_some_and(|own| own == "true");
        let plaintext = node.get_optional_child("plaintext").ok_or_else(|| missing("plaintext"))?;
        let raw = match &plaintext.content {
            Some(NodeContent::Bytes(bytes)) => bytes.to_vec(),
            _ => Vec::new(),
        };
        let message = waproto::codec::message_decode(&raw)
            .map_err(|error| PortError::Refused(format!("post {id} does not decode: {error}")))?;
        let chat = channel.to_string();
        let (entry_id, content) = match attrs.optional_string("edit") {
            None => (id.clone(), Content::of(&message, &raw)),
            Some(_) => (act_id(node, &id), Some(act(&id, &message, &raw))),
        };
        let Some(content) = content else { return Ok(()) };
        // whoever edits a post does so in the name of its author
        let original = self.store.message_in(phone.pn(), &chat, &id).await?;
        let author = if own { phone.pn().to_owned() } else { chat.clone() };
        let sender = original.filter(|_| entry_id != id).map_or(author, |original| original.from.0);
        let new = NewMessage {
            chat: chat.clone(),
            chat_jid: chat.clone(),
            sender,
            sender_lid: None,
            sender_jid: chat.clone(),
            recipient: chat,
            recipient_lid: None,
            id: entry_id,
            direction: if own { Direction::Out } else { Direction::In },
            content,
            raw,
            time: attrs.optional_unix_time("t").unwrap_or_else(|| self.now()),
            status: if own { Status::Sent } else { Status::Delivered },
        };
        let mut tx = self.store.begin().await?;
        new.store(&mut tx, phone.pn(), self.clock.unix_millis()).await?;
        tx.commit().await.map_err(anyhow::Error::from)?;
        Ok(())
    }
}

/// An edit has the id of its post; here it is told apart by its time.
fn act_id(node: &Node, id: &str) -> String {
    let meta = node.get_optional_child("meta");
    let at = meta.and_then(|meta| meta.attrs().optional_u64("msg_edit_t")).unwrap_or_default();
    format!("{id}/{at}")
}

/// What became of a post: a new text, or nothing.
fn act(id: &str, message: &wa::Message, raw: &[u8]) -> Content {
    let id = id.to_owned();
    let body = if raw.is_empty() {
        Body::Revoke(Revoke { message: id, by_admin: false })
    } else {
        let text = Content::of(message, raw).and_then(|content| content.text).unwrap_or_default();
        Body::Edit(Edit { message: id, text })
    };
    Content { kind: body.name().to_owned(), body: Some(body), ..Content::default() }
}
