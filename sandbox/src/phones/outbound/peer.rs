//! Messages between a phone and one of its companions: keys, history.

use wacore_binary::Jid;
use waproto::whatsapp as wa;

use super::super::account::Phone;
use super::super::address::DeviceAddress;
use super::super::content::Content;
use super::super::store::{Direction, NewMessage, Status};
use super::super::{Simulated, new_id};
use super::stanza::peer_stanza;
use crate::ports::{KeyBundle, PortResult};

/// A peer message about to be sent.
pub(in super::super) struct Peer<'a> {
    /// Companion's device id.
    pub(in super::super) device: u16,
    /// Given when a new session is to be started.
    pub(in super::super) bundle: Option<&'a KeyBundle>,
    pub(in super::super) message: wa::Message,
}

impl Simulated {
    /// Encrypts for one companion and submits it.
    pub(in super::super) async fn send_peer(&self, phone: &Phone, peer: Peer<'_>) -> PortResult<()> {
        let id = new_id("");
        let jid = Jid::pn_device(phone.pn(), peer.device);
        let device = DeviceAddress::new(phone.pn(), peer.device);
        let entry = NewMessage {
            chat: device.key(),
            chat_jid: jid.to_string(),
            sender: phone.info.pn.clone(),
            sender_lid: Some(phone.info.lid.clone()),
            sender_jid: phone.jid().to_string(),
            recipient: phone.info.pn.clone(),
            recipient_lid: Some(phone.info.lid.clone()),
            id: id.clone(),
            direction: Direction::Peer,
            content: Content::peer(),
            raw: waproto::codec::message_to_vec(&peer.message),
            time: self.now(),
            status: Status::Pending,
        };
        let sealed = self.seal_one(phone, &device, peer.bundle, &peer.message, Some(&entry)).await?;
        self.network()?.submit(phone.pn(), peer_stanza(&jid, &id, &sealed)).await?;
        Ok(())
    }
}

/// A message that carries nothing but protocol traffic.
pub(in super::super) fn protocol_message(protocol: wa::message::ProtocolMessage) -> wa::Message {
    wa::Message { protocol_message: buffa::MessageField::some(protocol), ..Default::default() }
}
