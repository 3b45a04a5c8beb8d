//! Messages that a user of a phone writes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore::types::message::AddressingMode;
use wacore_binary::{Jid, JidExt, Node};

use super::super::account::Phone;
use super::super::content::{Body, LinkPreview};
use super::super::store::{Direction, NewMessage, Status, StoredMessage};
use super::super::{Contact, Simulated, new_id};
use super::compose::Composed;
use super::media::MediaUpload;
use super::stanza::{group_stanza, message_stanza};
use crate::ports::{PortError, PortResult};

/// What a user of a phone sends: text, file or body, alone or forwarded.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// Recipient's phone number or LID, digits; or the JID of a group, a channel or the status.
    pub to: String,
    /// Numbers a status is shown to, digits; everybody the phone knows when empty.
    pub viewers: Vec<String>,
    /// Text, or the caption of `media`.
    pub text: Option<String>,
    /// Preview of a link in the text.
    pub link_preview: Option<LinkPreview>,
    /// File to attach.
    pub media: Option<MediaUpload>,
    /// Anything else to say, or an act on an earlier message of the chat.
    pub body: Option<Body>,
    /// Id of a message on this phone to send on.
    pub forward: Option<String>,
    /// Protobuf of a message, sent as it is.
    pub raw: Option<Vec<u8>>,
    /// Id of a message of the same chat to quote.
    pub reply_to: Option<String>,
    /// Phone numbers to mention, digits.
    pub mentions: Vec<String>,
    /// Whether `media` may be opened only once, and how that is said.
    pub view_once: Option<ViewOnce>,
    /// Seconds until it disappears; what the chat says when `None`, never when 0.
    pub expiration: Option<u32>,
    /// Id of the album it belongs to.
    pub album: Option<String>,
}

/// The forms in which clients say that something may be opened once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViewOnce {
    /// `viewOnceMessage` around the message.
    V1,
    /// `viewOnceMessageV2` around it.
    V2,
    /// `viewOnceMessageV2Extension` around it.
    V2Extension,
    /// Only the flag in the message.
    Inline,
}

impl Simulated {
    /// Sends a message from a phone to one person, and to the account's own companions.
    ///
    /// # Errors
    /// `NotFound` when the phone, the recipient or the quoted message does not exist.
    pub async fn send(&self, pn: &str, outgoing: Outgoing) -> PortResult<StoredMessage> {
        self.send_as(pn, outgoing, new_id("")).await
    }

    /// Sends a message under an id of the caller.
    pub(in super::super) async fn send_as(
        &self,
        pn: &str,
        outgoing: Outgoing,
        id: String,
    ) -> PortResult<StoredMessage> {
        let phone = self.phone(pn).await?;
        // what is sealed first is submitted first: a group's key arrives before what it opens
        let _turn = phone.sending.lock().await;
        let stanza = match outgoing.to.parse::<Jid>() {
            Ok(group) if group.is_group() => self.seal_group_message(&phone, &group, &outgoing, &id).await?,
            Ok(channel) if channel.is_newsletter() => {
                self.channel_post(&phone, &channel, &outgoing, &id).await?
            }
            Ok(to) if to.is_status_broadcast() => self.seal_status(&phone, &outgoing, &id).await?,
            _ => self.seal_direct_message(&phone, &outgoing, &id).await?,
        };
        let ack = match self.network()?.submit(phone.pn(), stanza).await {
            Ok(ack) => ack,
            Err(error) => {
                self.store.fail_sent(phone.pn(), &id, 500).await?;
                return Err(error);
            }
        };
        match ack.as_ref().map(|ack| ack.attrs().optional_u64("error")) {
            Some(Some(code)) => {
                self.store.fail_sent(phone.pn(), &id, i64::try_from(code).unwrap_or(500)).await?;
            }
            Some(None) => self.store.accept_sent(phone.pn(), &id).await?,
            // lost on its way: nobody says that it got there
            None => {}
        }
        self.message(phone.pn(), &id).await
    }

    async fn seal_direct_message(&self, phone: &Phone, outgoing: &Outgoing, id: &str) -> PortResult<Node> {
        let to = Chat::person(self.recipient(&outgoing.to).await?);
        let composed = self.compose(phone, &to, outgoing).await?;
        let entry = self.outgoing_entry(phone, &to, id, &composed);
        let sealed = self.seal_for_all(phone, &to.jid, &composed.message, &entry).await?;
        Ok(message_stanza(&to.jid, id, &composed.message, &sealed))
    }

    async fn seal_group_message(
        &self,
        phone: &Phone,
        group: &Jid,
        outgoing: &Outgoing,
        id: &str,
    ) -> PortResult<Node> {
        let audience = self.audience(phone, group).await?;
        let to = Chat::group(group.clone(), audience.mode, audience.expiration);
        let composed = self.compose(phone, &to, outgoing).await?;
        let entry = self.outgoing_entry(phone, &to, id, &composed);
        let sealed = self.seal_for_group(phone, &audience, &composed.message, &entry).await?;
        Ok(group_stanza(&audience, id, &composed.message, &sealed))
    }

    /// What the phone shows of it.
    pub(super) fn outgoing_entry(
        &self,
        phone: &Phone,
        to: &Chat,
        id: &str,
        composed: &Composed,
    ) -> NewMessage {
        NewMessage {
            chat: to.key().to_owned(),
            chat_jid: to.jid.to_string(),
            sender: phone.info.pn.clone(),
            sender_lid: Some(phone.info.lid.clone()),
            sender_jid: phone.jid().to_string(),
            recipient: to.party.pn.clone(),
            recipient_lid: to.party.lid.clone(),
            id: id.to_owned(),
            direction: Direction::Out,
            content: composed.content.clone(),
            raw: waproto::codec::message_to_vec(&composed.message),
            time: self.now(),
            status: Status::Pending,
        }
    }

    /// The account to write to; made by the network when it makes numbers on demand.
    pub(super) async fn recipient(&self, user: &str) -> PortResult<Contact> {
        if let Some(phone) = self.find_phone(user).await? {
            return Ok(Contact::from(&phone.info));
        }
        self.network()?.devices(&Jid::pn(user)).await?;
        let phone = self.find_phone(user).await?;
        phone
            .map(|phone| Contact::from(&phone.info))
            .ok_or_else(|| PortError::NotFound(format!("{user} is not on WhatsApp")))
    }
}

/// The chat a message goes to.
pub(super) struct Chat {
    pub(super) jid: Jid,
    /// How authors are named in it.
    pub(super) mode: AddressingMode,
    /// Lifetime of messages in seconds, when the group says so.
    pub(super) expiration: Option<u32>,
    /// The person, or the group under its JID.
    pub(super) party: Contact,
}

impl Chat {
    pub(super) fn person(party: Contact) -> Self {
        Self { jid: Jid::pn(party.pn.as_str()), mode: AddressingMode::Pn, expiration: None, party }
    }

    pub(super) fn group(jid: Jid, mode: AddressingMode, expiration: Option<u32>) -> Self {
        Self { party: Contact { pn: jid.to_string(), lid: None }, mode, expiration, jid }
    }

    /// Whether messages name their author.
    pub(super) fn is_group(&self) -> bool {
        self.jid.is_group() || self.jid.is_status_broadcast()
    }

    pub(super) fn is_channel(&self) -> bool {
        self.jid.is_newsletter()
    }

    /// Storage key.
    pub(super) fn key(&self) -> &str {
        &self.party.pn
    }
}
