//! Messages that a user of a phone writes.

use wacore::proto_helpers::{MessageBuilderExt, MessageExt};
use wacore_binary::{Jid, JidExt, Node};
use waproto::whatsapp as wa;

use super::super::account::Phone;
use super::super::behaviour::SCRIPTED_ID_PREFIX;
use super::super::content::Content;
use super::super::store::{Direction, NewMessage, Status, StoredMessage};
use super::super::{Contact, Simulated, new_id};
use super::media::MediaUpload;
use super::stanza::{group_stanza, message_stanza};
use crate::ports::{PortError, PortResult};

/// What a user of a phone sends.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// Recipient's phone number or LID, digits; or the JID of a group.
    pub to: String,
    /// Text, or the caption of `media`.
    pub text: Option<String>,
    /// File to attach.
    pub media: Option<MediaUpload>,
    /// Id of a message of the same chat to quote.
    pub reply_to: Option<String>,
    /// Phone numbers to mention, digits.
    pub mentions: Vec<String>,
}

impl Simulated {
    /// Sends a message from a phone to one person, and to the account's own companions.
    ///
    /// # Errors
    /// `NotFound` when the phone, the recipient or the quoted message does not exist.
    pub async fn send(&self, pn: &str, outgoing: Outgoing) -> PortResult<StoredMessage> {
        self.send_as(pn, outgoing, new_id("")).await
    }

    /// Sends a scripted answer; its id keeps other scripts from answering it.
    pub(super) async fn send_scripted(&self, pn: &str, outgoing: Outgoing) -> PortResult<StoredMessage> {
        self.send_as(pn, outgoing, new_id(SCRIPTED_ID_PREFIX)).await
    }

    async fn send_as(&self, pn: &str, outgoing: Outgoing, id: String) -> PortResult<StoredMessage> {
        let phone = self.phone(pn).await?;
        // what is sealed first is submitted first: a group's key arrives before what it opens
        let _turn = phone.sending.lock().await;
        let stanza = match outgoing.to.parse::<Jid>() {
            Ok(group) if group.is_group() => self.seal_group_message(&phone, &group, &outgoing, &id).await?,
            _ => self.seal_direct_message(&phone, &outgoing, &id).await?,
        };
        let ack = match self.network()?.submit(phone.pn(), stanza).await {
            Ok(ack) => ack,
            Err(error) => {
                self.store.fail_sent(phone.pn(), &id, 500).await?;
                return Err(error);
            }
        };
        match ack.as_ref().and_then(|ack| ack.attrs().optional_u64("error")) {
            Some(code) => self.store.fail_sent(phone.pn(), &id, i64::try_from(code).unwrap_or(500)).await?,
            None => self.store.advance_sent(phone.pn(), std::slice::from_ref(&id), Status::Sent).await?,
        }
        self.message(phone.pn(), &id).await
    }

    async fn seal_direct_message(&self, phone: &Phone, outgoing: &Outgoing, id: &str) -> PortResult<Node> {
        let to = Chat::person(self.recipient(&outgoing.to).await?);
        let message = self.compose(phone, &to, outgoing).await?;
        let entry = outgoing_entry(self.now(), phone, &to, id, &message)?;
        let sealed = self.seal_for_all(phone, &to.jid, &message, &entry).await?;
        Ok(message_stanza(&to.jid, id, &message, &sealed))
    }

    async fn seal_group_message(
        &self,
        phone: &Phone,
        group: &Jid,
        outgoing: &Outgoing,
        id: &str,
    ) -> PortResult<Node> {
        let audience = self.audience(phone, group).await?;
        let to = Chat::group(group.clone());
        let message = self.compose(phone, &to, outgoing).await?;
        let entry = outgoing_entry(self.now(), phone, &to, id, &message)?;
        let sealed = self.seal_for_group(phone, &audience, &message, &entry).await?;
        Ok(group_stanza(&audience, id, &message, &sealed))
    }

    /// The account to write to; made by the network when it makes numbers on demand.
    async fn recipient(&self, user: &str) -> PortResult<Contact> {
        if let Some(phone) = self.find_phone(user).await? {
            return Ok(Contact::from(&phone.info));
        }
        self.network()?.devices(&Jid::pn(user)).await?;
        let phone = self.find_phone(user).await?;
        phone
            .map(|phone| Contact::from(&phone.info))
            .ok_or_else(|| PortError::NotFound(format!("{user} is not on WhatsApp")))
    }

    async fn compose(&self, phone: &Phone, to: &Chat, outgoing: &Outgoing) -> PortResult<wa::Message> {
        let context = self.context(phone, to, outgoing).await?;
        let mut message = match &outgoing.media {
            Some(media) => self.upload(media, outgoing.text.as_deref()).await?,
            None => {
                let text = outgoing.text.as_deref().unwrap_or_default();
                return Ok(match context {
                    Some(context) => wa::Message::text_with_context(text, context),
                    None => wa::Message::text(text),
                });
            }
        };
        if let Some(context) = context {
            message.set_context_info(context);
        }
        Ok(message)
    }

    /// Quote and mentions; `None` when there are neither.
    async fn context(
        &self,
        phone: &Phone,
        to: &Chat,
        outgoing: &Outgoing,
    ) -> PortResult<Option<wa::ContextInfo>> {
        let mut context = wa::ContextInfo {
            mentioned_jid: outgoing.mentions.iter().map(|pn| Jid::pn(pn.as_str()).to_string()).collect(),
            ..Default::default()
        };
        if let Some(id) = &outgoing.reply_to {
            let quoted = self.store.message(phone.pn(), id).await?;
            let quoted =
                quoted.filter(|quoted| quoted.chat == to.key() && quoted.direction != Direction::Peer);
            let quoted =
                quoted.ok_or_else(|| PortError::NotFound(format!("no message {id} in this chat")))?;
            let original = waproto::codec::message_decode(&quoted.raw).map_err(anyhow::Error::from)?;
            context.stanza_id = Some(id.clone());
            context.participant = Some(Jid::pn(quoted.from.0.as_str()).to_string());
            context.quoted_message = buffa::MessageField::from_box(original.prepare_for_quote());
        }
        let empty = context.mentioned_jid.is_empty() && context.stanza_id.is_none();
        Ok((!empty).then_some(context))
    }
}

/// The chat a message goes to.
struct Chat {
    jid: Jid,
    /// The person, or the group under its JID.
    party: Contact,
}

impl Chat {
    fn person(party: Contact) -> Self {
        Self { jid: Jid::pn(party.pn.as_str()), party }
    }

    fn group(jid: Jid) -> Self {
        Self { party: Contact { pn: jid.to_string(), lid: None }, jid }
    }

    /// Storage key.
    fn key(&self) -> &str {
        &self.party.pn
    }
}

fn outgoing_entry(
    now: i64,
    phone: &Phone,
    to: &Chat,
    id: &str,
    message: &wa::Message,
) -> PortResult<NewMessage> {
    let content = Content::of(message)
        .ok_or_else(|| PortError::Internal(anyhow::anyhow!("a composed message has no content")))?;
    Ok(NewMessage {
        chat: to.key().to_owned(),
        chat_jid: to.jid.to_string(),
        sender: phone.info.pn.clone(),
        sender_lid: Some(phone.info.lid.clone()),
        sender_jid: phone.jid().to_string(),
        recipient: to.party.pn.clone(),
        recipient_lid: to.party.lid.clone(),
        id: id.to_owned(),
        direction: Direction::Out,
        content,
        raw: waproto::codec::message_to_vec(message),
        time: now,
        status: Status::Pending,
    })
}
