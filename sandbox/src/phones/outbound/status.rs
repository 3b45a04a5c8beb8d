//! Status posts, and reactions to those of others.

use wacore::client::context::GroupInfo;
use wacore::send::ensure_status_participants;
use wacore::types::message::AddressingMode;
use wacore_binary::{Jid, Node};

use super::super::Simulated;
use super::super::account::Phone;
use super::super::content::Body;
use super::group::Audience;
use super::message::{Chat, Outgoing};
use super::stanza::{group_stanza, message_stanza};
use crate::ports::{PortError, PortResult};

impl Simulated {
    /// Encrypts a status for those who see it, a reaction for the author of what it is about.
    pub(super) async fn seal_status(&self, phone: &Phone, outgoing: &Outgoing, id: &str) -> PortResult<Node> {
        let to = Chat::group(Jid::status_broadcast(), AddressingMode::Lid, None);
        let composed = self.compose(phone, &to, outgoing).await?;
        let entry = self.outgoing_entry(phone, &to, id, &composed);
        if let Some(Body::Reaction(act)) = &composed.content.body {
            let post = self.in_chat(phone, &to, &act.message).await?;
            let author = to.author(phone, &post);
            let sealed = self.seal_for_all(phone, &author, &composed.message, &entry).await?;
            return Ok(message_stanza(&to.jid, id, &composed.message, &sealed));
        }
        let viewers = self.viewers(phone, &outgoing.viewers).await?;
        let audience = Audience::of_status(viewers.clone());
        let sealed = self.seal_for_group(phone, &audience, &composed.message, &entry).await?;
        let stanza = group_stanza(&audience, id, &composed.message, &sealed);
        Ok(ensure_status_participants(stanza, &GroupInfo::new(viewers, AddressingMode::Lid)))
    }

    /// Those who are named, or everybody the phone knows; and the account itself.
    async fn viewers(&self, phone: &Phone, named: &[String]) -> PortResult<Vec<Jid>> {
        let network = self.network()?;
        let mut viewers = vec![Jid::lid(phone.info.lid.as_str())];
        if named.is_empty() {
            let known = network.acquaintances(phone.pn()).await?;
            viewers.extend(known.iter().map(|account| Jid::lid(account.lid.as_str())));
        }
        for pn in named {
            let viewer = network.account(&Jid::pn(pn.as_str())).await?;
            let viewer = viewer.ok_or_else(|| PortError::NotFound(format!("{pn} is not on WhatsApp")))?;
            viewers.push(Jid::lid(viewer.lid.as_str()));
        }
        Ok(viewers)
    }
}
