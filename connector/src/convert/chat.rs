//! What is done to chats on the account's other devices.

use wacore::types::events::{DeleteMessageForMeUpdate, Event, MuteUpdate};
use wacore_binary::Jid;
use wagate_domain::{
    ContactIds, Timestamp,
    events::{Actor, ChatChange, EventData, Target},
};

use super::{Own, address_of};

/// What an app state action does to a chat; `None` for actions that are about something else.
pub(super) fn chat_changed(event: &Event) -> Option<EventData> {
    let on = |flag: Option<bool>| flag == Some(true);
    Some(match event {
        Event::ArchiveUpdate(up) => changed(
            &up.jid,
            up.timestamp.timestamp_millis(),
            ChatChange::Archived { on: on(up.action.archived) },
        )?,
        Event::PinUpdate(up) => changed(
            &up.jid,
            up.timestamp.timestamp_millis(),
            ChatChange::Pinned { on: on(up.action.pinned) },
        )?,
        Event::MuteUpdate(up) => changed(&up.jid, up.timestamp.timestamp_millis(), muted(up))?,
        Event::MarkChatAsReadUpdate(up) => {
            changed(&up.jid, up.timestamp.timestamp_millis(), ChatChange::Read { on: on(up.action.read) })?
        }
        Event::ClearChatUpdate(up) => {
            changed(&up.jid, up.timestamp.timestamp_millis(), ChatChange::Cleared {})?
        }
        Event::DeleteChatUpdate(up) => {
            changed(&up.jid, up.timestamp.timestamp_millis(), ChatChange::Deleted {})?
        }
        _ => return None,
    })
}

/// A message that was deleted on the account's own devices only.
pub(super) fn deleted_for_me(update: &DeleteMessageForMeUpdate, own: &Own) -> Option<EventData> {
    let chat = address_of(&update.chat_jid)?;
    let target = Target {
        contact: ContactIds::of(&chat),
        chat,
        stanza_id: update.message_id.clone(),
        from_me: update.from_me,
    };
    let by = Actor { from_me: true, contact: own.ids() };
    Some(EventData::MessageDeleted {
        target,
        by,
        for_everyone: false,
        at: Timestamp::from_millis(update.timestamp.timestamp_millis()),
    })
}

fn muted(update: &MuteUpdate) -> ChatChange {
    // for ever is a negative moment, or none
    let until = update.action.mute_end_timestamp.filter(|end| *end > 0).map(Timestamp::from_millis);
    let on = update.action.muted == Some(true);
    ChatChange::Muted { on, until: until.filter(|_| on) }
}

fn changed(jid: &Jid, at: i64, change: ChatChange) -> Option<EventData> {
    let chat = address_of(jid)?;
    Some(EventData::ChatChanged {
        contact: ContactIds::of(&chat),
        chat,
        change,
        at: Timestamp::from_millis(at),
    })
}
