//! Chats as history carries them: everything but the messages.

use wacore::iq::groups::GroupInfoResponse;
use wacore::protocol::ProtocolNode;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, JidExt};
use waproto::whatsapp as wa;
use waproto::whatsapp::conversation::EndOfHistoryTransferType;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::app_state::AppState;
use super::super::profile::ask_for;
use super::super::store::ChatSummary;
use super::past::Place;
use super::web_message::{Book, chat_jid};
use crate::ports::PortResult;

/// Chat of status posts; they travel apart.
pub(super) const STATUS: &str = "status@broadcast";

/// A chat on its way to a companion.
pub(super) struct Chat {
    /// Storage key.
    pub(super) key: String,
    /// Without messages.
    pub(super) conversation: wa::Conversation,
    /// What is older was not sent yet.
    pub(super) next: Place,
}

impl Simulated {
    /// All chats, newest first, with what app state says of them.
    pub(super) async fn conversations(&self, phone: &Phone, book: &Book) -> PortResult<Vec<Chat>> {
        let settings = self.app_state(phone.pn()).await?;
        let mut chats = Vec::new();
        for summary in self.store.chats(phone.pn()).await? {
            if summary.chat != STATUS {
                chats.push(self.conversation(phone, book, &settings, summary).await?);
            }
        }
        Ok(chats)
    }

    async fn conversation(
        &self,
        phone: &Phone,
        book: &Book,
        settings: &AppState,
        summary: ChatSummary,
    ) -> PortResult<Chat> {
        let key = summary.chat;
        let chat = settings.chats.get(&key).cloned().unwrap_or_default();
        let name = match key.parse::<Jid>() {
            Ok(group) if group.is_group() => self.subject(phone, &group).await?,
            _ => settings.contacts.get(&key).and_then(|contact| contact.full_name.clone()),
        };
        let lifetime = self.store.chat_lifetime(phone.pn(), &key).await?;
        let last = u64::try_from(summary.last).ok();
        let direct = !key.contains('@');
        let conversation = wa::Conversation {
            id: chat_jid(&key),
            name: name.clone(),
            display_name: name,
            last_msg_timestamp: last,
            conversation_timestamp: last,
            unread_count: u32::try_from(summary.unread).ok(),
            archived: Some(chat.archived),
            pinned: chat.pinned.map(|since| u32::try_from(since / 1000).unwrap_or(u32::MAX)),
            mute_end_time: chat.muted_until.map(i64::cast_unsigned),
            marked_as_unread: Some(chat.marked_unread),
            ephemeral_expiration: Some(lifetime).filter(|seconds| *seconds > 0),
            not_spam: Some(true),
            pn_jid: direct.then(|| chat_jid(&key)),
            lid_jid: book.people.get(&key).map(|person| Jid::lid(person.lid.as_str()).to_string()),
            ..Default::default()
        };
        Ok(Chat { key, conversation, next: Place::END })
    }

    /// Name of a group, as long as the phone is in it.
    async fn subject(&self, phone: &Phone, group: &Jid) -> PortResult<Option<String>> {
        let query = NodeBuilder::new("query").attr("request", "interactive").build();
        let iq = ask_for("get", "w:g2").attr("to", group).attr("id", super::super::new_id(""));
        let answer = self.network()?.query(phone.pn(), iq.children([query]).build()).await?;
        let Some(node) = answer.get_optional_child("group") else { return Ok(None) };
        Ok(Some(GroupInfoResponse::try_from_node_ref(&node.as_node_ref())?.subject.into_string()))
    }
}

/// Says whether the phone has older messages of a chat.
pub(super) fn close(conversation: &mut wa::Conversation, more: bool, on_demand: bool) {
    conversation.end_of_history_transfer = Some(true);
    conversation.end_of_history_transfer_type = Some(match (more, on_demand) {
        (false, _) => EndOfHistoryTransferType::COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY,
        (true, false) => EndOfHistoryTransferType::COMPLETE_BUT_MORE_MESSAGES_REMAIN_ON_PRIMARY,
        (true, true) => EndOfHistoryTransferType::COMPLETE_ON_DEMAND_SYNC_BUT_MORE_MSG_REMAIN_ON_PRIMARY,
    });
}
