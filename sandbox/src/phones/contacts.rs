//! What a phone's user sees of another account.

use wacore::stanza::business::VerifiedName;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::Simulated;
use super::profile::{ask_for, text};
use crate::ports::{PortError, PortResult};

/// What another account shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCard {
    /// Phone number, digits.
    pub pn: String,
    /// LID, digits.
    pub lid: String,
    /// Profile text, where it is shown.
    pub about: Option<String>,
    /// Id and address of the picture, where it is shown.
    pub picture: Option<(String, String)>,
    /// Verified name of a business.
    pub verified_name: Option<String>,
}

impl Simulated {
    /// Opens another account's profile on the phone's screen.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, or no such account.
    pub async fn contact_card(&self, pn: &str, peer: &str) -> PortResult<ContactCard> {
        let jid = Jid::pn(peer);
        let answer = self.ask(pn, usync(&jid)).await?;
        let user = answer.get_optional_child_by_tag(&["usync", "list", "user"]);
        let user = user.ok_or_else(|| PortError::NotFound(format!("{peer} is not on WhatsApp")))?;
        let picture = NodeBuilder::new("picture").attr("type", "image").attr("query", "url").build();
        let request = ask_for("get", "w:profile:picture").attr("target", &jid).children([picture]);
        let picture = self.ask(pn, request).await?;
        let picture = picture.get_optional_child("picture");
        let attr = |node: &Node, key| node.attrs.get(key).map(|value| value.as_str().into_owned());
        let lid = user.get_optional_child("lid").and_then(|lid| lid.attrs().optional_jid("val"));
        let name = user.get_optional_child_by_tag(&["business", "verified_name"]);
        let name = name.and_then(|name| VerifiedName::try_from_node(&name.as_node_ref()).ok());
        Ok(ContactCard {
            pn: peer.to_owned(),
            lid: lid.map(|lid| lid.user.to_string()).unwrap_or_default(),
            about: user.get_optional_child("status").and_then(text).filter(|about| !about.is_empty()),
            picture: picture.and_then(|picture| Some((attr(picture, "id")?, attr(picture, "url")?))),
            verified_name: name.and_then(|name| name.name),
        })
    }
}

fn usync(jid: &Jid) -> NodeBuilder {
    let protocols = ["status", "business", "lid"].map(|tag| NodeBuilder::new(tag).build());
    let user = NodeBuilder::new("user").attr("jid", jid).build();
    let usync = NodeBuilder::new("usync")
        .attr("mode", "full")
        .attr("context", "background")
        .attr("sid", "phone")
        .attr("index", 0)
        .attr("last", "true")
        .children([
            NodeBuilder::new("query").children(protocols).build(),
            NodeBuilder::new("list").children([user]).build(),
        ]);
    ask_for("get", "usync").children([usync.build()])
}
