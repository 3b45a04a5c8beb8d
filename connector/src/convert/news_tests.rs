use wacore::types::{
    events::{
        ArchiveUpdate, ClearChatUpdate, DeleteChatUpdate, DeleteMessageForMeUpdate, MarkChatAsReadUpdate,
        MuteUpdate, PinUpdate,
    },
    message::MessageSource,
    presence::ReceiptType,
};
use wacore_binary::Jid;
use wagate_domain::{
    ContactIds,
    events::{ChatChange, Target},
    messages::Status,
};
use waproto::whatsapp::sync_action_value as action;

use super::*;

const CHAT: &str = "6281234567890@s.whatsapp.net";
const GROUP: &str = "120363000000000001@g.us";

fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

fn told(event: &Event) -> Vec<EventData> {
    let own = Own { pn: Some("491511111111".to_owned()), lid: None };
    news(event, &own, &mut Ringing::default())
}

fn only(event: &Event) -> EventData {
    let mut told = told(event);
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

fn source(chat: &str, sender: &str) -> MessageSource {
    MessageSource { chat: jid(chat), sender: jid(sender), ..Default::default() }
}

#[test]
fn a_receipt_names_both_identities() {
    let mut source = source("6281234567890:2@s.whatsapp.net", "6281234567890:2@s.whatsapp.net");
    source.sender_alt = Some(jid("100000012345678@lid"));
    let receipt = |kind| {
        let receipt = Receipt::builder()
            .source(source.clone())
            .message_ids(vec!["A".to_owned(), "B".to_owned()])
            .timestamp(wacore::time::from_secs(1_767_225_600).unwrap())
            .r#type(kind)
            .offline(false);
        Event::Receipt(receipt.build())
    };
    let expected = EventData::MessageReceipt {
        chat: CHAT.parse().unwrap(),
        contact: ContactIds { pn: Some("6281234567890".to_owned()), lid: Some("100000012345678".to_owned()) },
        stanza_ids: vec!["A".to_owned(), "B".to_owned()],
        status: Status::Read,
        at: Timestamp::from_millis(1_767_225_600_000),
    };
    assert_eq!(only(&receipt(ReceiptType::Read)), expected);
    assert_eq!(told(&receipt(ReceiptType::ReadSelf)), []);
}

#[test]
fn typing_shows_in_the_chat_it_happens_in() {
    use ChatPresence::{Composing, Paused};
    use ChatPresenceMedia::{Audio, Text};
    for (chat, state, media, expected) in [
        (CHAT, Composing, Text, Presence::Typing),
        (CHAT, Composing, Audio, Presence::Recording),
        (CHAT, Paused, Text, Presence::Paused),
        (GROUP, Composing, Text, Presence::Typing),
    ] {
        let update = ChatPresenceUpdate::builder()
            .source(source(chat, "100000012345678@lid"))
            .state(state)
            .media(media);
        let EventData::PresenceSeen { chat: shown, contact, presence, last_seen: None } =
            only(&Event::ChatPresence(update.build()))
        else {
            panic!("no presence");
        };
        assert_eq!((shown.to_string().as_str(), presence), (chat, expected));
        assert_eq!(contact.lid.as_deref(), Some("100000012345678"));
    }
}

#[test]
fn people_come_and_go() {
    let at = wacore::time::from_secs(1_767_225_600);
    for (unavailable, last_seen, presence) in [
        (false, None, Presence::Available),
        (true, at, Presence::Unavailable),
        (true, None, Presence::Unavailable),
    ] {
        let update =
            PresenceUpdate::builder().from(jid(CHAT)).unavailable(unavailable).maybe_last_seen(last_seen);
        let expected = EventData::PresenceSeen {
            chat: CHAT.parse().unwrap(),
            contact: ContactIds { pn: Some("6281234567890".to_owned()), lid: None },
            presence,
            last_seen: last_seen.map(|_| Timestamp::from_millis(1_767_225_600_000)),
        };
        assert_eq!(only(&Event::Presence(update.build())), expected);
    }
    let group = PresenceUpdate::builder().from(jid(GROUP)).unavailable(false).build();
    assert_eq!(told(&Event::Presence(group)), [], "groups are not online");
}

#[test]
fn what_is_done_to_chats() {
    let at = || wacore::time::from_secs(1_767_225_600).unwrap();
    let archive = |archived| {
        let action = Box::new(action::ArchiveChatAction { archived, ..Default::default() });
        let update = ArchiveUpdate::builder().jid(jid(CHAT)).timestamp(at()).action(action);
        Event::ArchiveUpdate(update.from_full_sync(false).build())
    };
    let pin = |pinned| {
        let action = Box::new(action::PinAction { pinned: Some(pinned) });
        Event::PinUpdate(
            PinUpdate::builder().jid(jid(CHAT)).timestamp(at()).action(action).from_full_sync(false).build(),
        )
    };
    let mute = |muted, end| {
        let action = Box::new(action::MuteAction {
            muted: Some(muted),
            mute_end_timestamp: end,
            ..Default::default()
        });
        Event::MuteUpdate(
            MuteUpdate::builder().jid(jid(CHAT)).timestamp(at()).action(action).from_full_sync(false).build(),
        )
    };
    let read = |read| {
        let action = Box::new(action::MarkChatAsReadAction { read: Some(read), ..Default::default() });
        let update = MarkChatAsReadUpdate::builder().jid(jid(CHAT)).timestamp(at()).action(action);
        Event::MarkChatAsReadUpdate(update.from_full_sync(false).build())
    };
    let clear = ClearChatUpdate::builder().jid(jid(CHAT)).delete_starred(false).delete_media(false);
    let clear = clear.timestamp(at()).action(Box::default()).from_full_sync(false).build();
    let delete = DeleteChatUpdate::builder().jid(jid(CHAT)).delete_media(false);
    let delete = delete.timestamp(at()).action(Box::default()).from_full_sync(false).build();
    let until = Some(Timestamp::from_millis(1_800_000_000_000));
    for (event, expected) in [
        (archive(Some(true)), ChatChange::Archived { on: true }),
        (archive(None), ChatChange::Archived { on: false }),
        (pin(true), ChatChange::Pinned { on: true }),
        (pin(false), ChatChange::Pinned { on: false }),
        (mute(true, Some(1_800_000_000_000)), ChatChange::Muted { on: true, until }),
        (mute(true, Some(-1)), ChatChange::Muted { on: true, until: None }),
        (mute(true, None), ChatChange::Muted { on: true, until: None }),
        (mute(false, Some(1_800_000_000_000)), ChatChange::Muted { on: false, until: None }),
        (read(true), ChatChange::Read { on: true }),
        (read(false), ChatChange::Read { on: false }),
        (Event::ClearChatUpdate(clear), ChatChange::Cleared {}),
        (Event::DeleteChatUpdate(delete), ChatChange::Deleted {}),
    ] {
        let EventData::ChatChanged { chat, contact, change, at } = only(&event) else {
            panic!("no change: {event:?}");
        };
        assert_eq!((change, at), (expected, Timestamp::from_millis(1_767_225_600_000)));
        assert_eq!((chat.to_string().as_str(), contact.pn.as_deref()), (CHAT, Some("6281234567890")));
    }
}

#[test]
fn a_message_deleted_on_our_devices_only() {
    let update = DeleteMessageForMeUpdate::builder()
        .chat_jid(jid(CHAT))
        .message_id("3EB0".to_owned())
        .from_me(false)
        .timestamp(wacore::time::from_secs(1_767_225_600).unwrap())
        .action(Box::default())
        .from_full_sync(false)
        .build();
    let EventData::MessageDeleted { target, by, for_everyone: false, .. } =
        only(&Event::DeleteMessageForMeUpdate(update))
    else {
        panic!("no deletion");
    };
    let chat: wagate_domain::Address = CHAT.parse().unwrap();
    let contact = ContactIds::of(&chat);
    assert_eq!(target, Target { chat, contact, stanza_id: "3EB0".to_owned(), from_me: false });
    assert!(by.from_me);
}

#[test]
fn a_new_number_comes_with_the_lid_that_stays() {
    let changed = ContactNumberChanged::builder()
        .old_jid(jid(CHAT))
        .new_jid(jid("6289999999999@s.whatsapp.net"))
        .maybe_old_lid(Some(jid("100000012345678@lid")))
        .timestamp(wacore::time::from_secs(1_767_225_600).unwrap())
        .build();
    let contact =
        ContactIds { pn: Some("6289999999999".to_owned()), lid: Some("100000012345678".to_owned()) };
    let expected = EventData::ContactUpdated { contact, push_name: None };
    assert_eq!(only(&Event::ContactNumberChanged(changed)), expected);
}
