//! What a phone's user does to the profile: name, text, picture, whom to block.

use bytes::Bytes;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeContent};

use super::account::Phone;
use super::sightings::Sighting;
use super::{Simulated, new_id};
use crate::ports::{PortError, PortResult};

impl Simulated {
    /// Gives the phone's user another name; companions are told.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn set_name(&self, pn: &str, name: &str) -> PortResult<()> {
        let phone = self.phone(pn).await?;
        self.take_name(&phone, name).await?;
        let node = NodeBuilder::new("presence").attr("name", name).build();
        self.network()?.submit(phone.pn(), node).await?;
        self.publish_push_name(&phone, true).await
    }

    /// Keeps a name that was given on this phone or on a companion.
    pub(super) async fn take_name(&self, phone: &Phone, name: &str) -> PortResult<()> {
        self.store.save_name(phone.pn(), name).await?;
        phone.set_push_name(name);
        Ok(())
    }

    /// Sets the profile text; an empty one clears it.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, `Refused` when the network does not take the text.
    pub async fn set_about(&self, pn: &str, text: &str) -> PortResult<()> {
        let status = NodeBuilder::new("status").bytes(text.to_owned()).build();
        self.ask(pn, ask_for("set", "status").children([status])).await.map(drop)
    }

    /// Sets the profile picture (a JPEG), or removes it.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, `Refused` when the network does not take the picture.
    pub async fn set_picture(&self, pn: &str, image: Option<Bytes>) -> PortResult<()> {
        let iq = ask_for("set", "w:profile:picture");
        let picture =
            image.map(|image| NodeBuilder::new("picture").attr("type", "image").bytes(image).build());
        self.ask(pn, iq.children(picture)).await.map(drop)
    }

    /// Blocks or unblocks another number.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or number.
    pub async fn block(&self, pn: &str, peer: &str, blocked: bool) -> PortResult<()> {
        let item = NodeBuilder::new("item")
            .attr("jid", Jid::pn(peer))
            .attr("action", if blocked { "block" } else { "unblock" })
            .build();
        self.ask(pn, ask_for("set", "blocklist").children([item])).await.map(drop)
    }

    /// Chooses who may see or do something: a category and a value of the client protocol, such
    /// as `last` and `contacts`.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, `Refused` when the value does not exist.
    pub async fn set_privacy(&self, pn: &str, category: &str, value: &str) -> PortResult<()> {
        let category = NodeBuilder::new("category").attr("name", category).attr("value", value).build();
        let privacy = NodeBuilder::new("privacy").children([category]).build();
        self.ask(pn, ask_for("set", "privacy").children([privacy])).await.map(drop)
    }

    /// Opens a chat on the screen: the phone asks for the other side's presence, and shows it.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn look_at(&self, pn: &str, chat: &str) -> PortResult<Sighting> {
        let phone = self.phone(pn).await?;
        let chat = self.chat_key(chat).await?;
        if !chat.contains('@') {
            let subscribe =
                NodeBuilder::new("presence").attr("type", "subscribe").attr("to", Jid::pn(chat.as_str()));
            self.network()?.submit(phone.pn(), subscribe.build()).await?;
        }
        Ok(self.sightings.of(phone.pn(), &chat, self.now()))
    }

    /// Asks the network and takes no for an error.
    pub(super) async fn ask(&self, pn: &str, iq: NodeBuilder) -> PortResult<Node> {
        let phone = self.phone(pn).await?;
        let answer = self.network()?.query(phone.pn(), iq.attr("id", new_id("")).build()).await?;
        let Some(error) = answer.get_optional_child("error") else { return Ok(answer) };
        let mut attrs = error.attrs();
        let (code, text) = (attrs.optional_u64("code"), attrs.optional_string("text").unwrap_or_default());
        match code {
            Some(404) => Err(PortError::NotFound(text.into_owned())),
            code => Err(PortError::Refused(format!("the network answers {} {text}", code.unwrap_or(0)))),
        }
    }
}

/// A question to the network.
pub(super) fn ask_for(kind: &'static str, xmlns: &'static str) -> NodeBuilder {
    NodeBuilder::new("iq").attr("type", kind).attr("xmlns", xmlns).attr("to", "s.whatsapp.net")
}

/// Text content.
pub(super) fn text(node: &Node) -> Option<String> {
    match &node.content {
        Some(NodeContent::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Some(NodeContent::String(text)) => Some(text.to_string()),
        _ => None,
    }
}
