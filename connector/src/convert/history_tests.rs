use wagate_domain::{
    SessionId, WorkspaceId,
    ids::{Id, ulid},
    messages::Content,
};

use super::*;
use crate::convert::counterpart;

const THEM: &str = "6281234567890@s.whatsapp.net";
const GROUP: &str = "120363000000000001@g.us";

fn session() -> SessionKey {
    let ulid = ulid(Timestamp::from_millis(1), 9);
    SessionKey { workspace: WorkspaceId::from_ulid(ulid), id: SessionId::from_ulid(ulid) }
}

fn own() -> Own {
    Own { pn: Some("491511111111".to_owned()), lid: Some("100000000000001".to_owned()) }
}

fn web(chat: &str, from_me: bool, message: Option<wa::Message>) -> wa::WebMessageInfo {
    let key = wa::MessageKey {
        remote_jid: Some(chat.to_owned()),
        from_me: Some(from_me),
        id: Some("3EB0AA".to_owned()),
        participant: (chat == GROUP && !from_me).then(|| THEM.to_owned()),
    };
    wa::WebMessageInfo {
        key: key.into(),
        message: message.into(),
        message_timestamp: Some(1_767_225_600),
        push_name: Some("Sari".to_owned()),
        ..Default::default()
    }
}

fn text() -> Option<wa::Message> {
    Some(wa::Message { conversation: Some("long ago".to_owned()), ..Default::default() })
}

fn read(web: &wa::WebMessageInfo) -> Option<Past> {
    past(web, &THEM.parse().unwrap(), &own())
}

fn them() -> ContactIds {
    ContactIds { pn: Some("6281234567890".to_owned()), lid: None }
}

#[test]
fn a_message_of_the_past_is_the_same_as_when_it_came() {
    let past = read(&web(THEM, false, text())).unwrap();
    let told = entry(&past, session(), &own(), them());
    let Some(EventData::MessageReceived { message, media: None, history: true }) = told else {
        panic!("no message: {told:?}");
    };
    assert_eq!(message.content, Content::Text { body: "long ago".to_owned() });
    assert_eq!((message.direction, message.status), (Direction::In, Status::Received));
    assert_eq!((message.push_name.as_deref(), message.offline), (Some("Sari"), false));
    assert_eq!(message.times.received, Some(message.at), "not today");
    // as it comes when it is delivered
    let live = MessageInfo {
        id: "3EB0AA".to_owned(),
        source: MessageSource {
            chat: THEM.parse().unwrap(),
            sender: "6281234567890:3@s.whatsapp.net".parse().unwrap(),
            ..Default::default()
        },
        timestamp: wacore::time::from_secs(1_767_225_600).unwrap(),
        ..Default::default()
    };
    let (own, now) = (own(), Timestamp::from_millis(1_800_000_000_000));
    let viewer = Viewer { session: session(), own: &own, now };
    let again = inbound(&text().unwrap(), &live, viewer, counterpart(&live)).unwrap().message;
    assert_eq!(again.id, message.id);
}

#[test]
fn own_messages_say_how_far_they_came() {
    for (told, status) in [
        (None, Status::Sent),
        (Some(Told::PENDING), Status::Sent),
        (Some(Told::SERVER_ACK), Status::Sent),
        (Some(Told::DELIVERY_ACK), Status::Delivered),
        (Some(Told::READ), Status::Read),
        (Some(Told::PLAYED), Status::Played),
    ] {
        let web = wa::WebMessageInfo { status: told, ..web(THEM, true, text()) };
        let entry = entry(&read(&web).unwrap(), session(), &own(), them());
        let Some(EventData::MessageReceived { message, .. }) = entry else { panic!("no message") };
        assert_eq!((message.direction, message.status), (Direction::Out, status), "{told:?}");
        assert_eq!(message.contact, them());
    }
    let failed = wa::WebMessageInfo { status: Some(Told::ERROR), ..web(THEM, true, text()) };
    assert!(read(&failed).is_none(), "it was never sent");
}

#[test]
fn members_of_groups_are_the_authors() {
    let past = read(&web(GROUP, false, text())).unwrap();
    assert_eq!(past.info.source.sender.to_string(), THEM);
    assert!(past.info.source.is_group);
    let ours = read(&web(GROUP, true, text())).unwrap();
    assert_eq!(ours.info.source.sender.to_string(), "491511111111@s.whatsapp.net");
    let by_lid = read(&web("222@lid", true, text())).unwrap();
    assert_eq!(by_lid.info.source.sender.to_string(), "100000000000001@lid");
}

#[test]
fn what_is_no_message_is_left_out() {
    let reaction = wa::Message {
        reaction_message: wa::message::ReactionMessage::default().into(),
        ..Default::default()
    };
    let nameless = wa::WebMessageInfo { key: wa::MessageKey::default().into(), ..web(THEM, false, text()) };
    let timeless = wa::WebMessageInfo { message_timestamp: None, ..web(THEM, false, text()) };
    for web in [web(THEM, false, None), web(THEM, false, Some(reaction)), nameless, timeless] {
        assert!(read(&web).is_none(), "{web:?}");
    }
}

#[test]
fn a_secret_beside_the_message_is_kept_with_it() {
    let web = wa::WebMessageInfo { message_secret: Some(vec![7; 32]), ..web(THEM, false, text()) };
    let past = read(&web).unwrap();
    assert_eq!(past.message.message_context_info.message_secret, Some(vec![7; 32]));
}

#[test]
fn chats_and_names_are_read() {
    let told =
        wa::Conversation { id: THEM.to_owned(), lid_jid: Some("222@lid".to_owned()), ..Default::default() };
    let (chat, contact) = conversation(&told).unwrap();
    assert_eq!((chat.to_string().as_str(), contact.lid.as_deref()), (THEM, Some("222")));
    let group = wa::Conversation { id: GROUP.to_owned(), ..Default::default() };
    assert_eq!(conversation(&group).unwrap().1, ContactIds::default());
    let status = wa::Conversation { id: "status@broadcast".to_owned(), ..Default::default() };
    assert!(conversation(&status).is_none());
    let named =
        |id: &str, text: &str| wa::Pushname { id: Some(id.to_owned()), pushname: Some(text.to_owned()) };
    let expected = EventData::ContactUpdated { contact: them(), push_name: Some("Sari".to_owned()) };
    assert_eq!(name(&named(THEM, "Sari")), Some(expected));
    assert_eq!(name(&named(THEM, "")), None);
    assert_eq!(name(&named(GROUP, "Friends")), None);
}
