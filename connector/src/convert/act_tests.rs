use wacore::types::message::MessageSource;

use super::*;

const THEM: &str = "6281234567890@s.whatsapp.net";
const GROUP: &str = "120363000000000001@g.us";

fn own() -> Own {
    Own { pn: Some("491511111111".to_owned()), lid: Some("100000000000001".to_owned()) }
}

fn them() -> ContactIds {
    ContactIds { pn: Some("6281234567890".to_owned()), lid: Some("100000012345678".to_owned()) }
}

fn info(chat: &str, is_from_me: bool) -> MessageInfo {
    let sender = if is_from_me { "491511111111:4@s.whatsapp.net" } else { THEM };
    let (chat, sender) = (chat.parse().unwrap(), sender.parse().unwrap());
    MessageInfo {
        id: "ACT".to_owned(),
        source: MessageSource { chat, sender, is_from_me, ..Default::default() },
        timestamp: wacore::time::from_secs(1_767_225_600).unwrap(),
        ..Default::default()
    }
}

fn key(from_me: bool, participant: Option<&str>) -> wa::MessageKey {
    wa::MessageKey {
        remote_jid: Some("whatever@s.whatsapp.net".to_owned()),
        from_me: Some(from_me),
        id: Some("3EB0".to_owned()),
        participant: participant.map(str::to_owned),
    }
}

fn reaction(key: wa::MessageKey, emoji: &str) -> wa::Message {
    let part =
        wa::message::ReactionMessage { key: key.into(), text: Some(emoji.to_owned()), ..Default::default() };
    wa::Message { reaction_message: part.into(), ..Default::default() }
}

fn protocol(kind: Type, edited: Option<wa::Message>) -> wa::Message {
    let part = wa::message::ProtocolMessage {
        key: key(true, None).into(),
        r#type: Some(kind),
        edited_message: edited.into(),
        ..Default::default()
    };
    wa::Message { protocol_message: part.into(), ..Default::default() }
}

fn done(message: &wa::Message, info: &MessageInfo) -> Option<EventData> {
    act(message, info, &own(), &them(), None)
}

#[test]
fn keys_are_read_from_the_view_of_whoever_acts() {
    let ours = Some("100000000000001@lid");
    let theirs = Some("999@lid");
    for (chat, by_us, key, from_me) in [
        (THEM, false, key(true, None), false),
        (THEM, false, key(false, None), true),
        (THEM, true, key(true, None), true),
        (THEM, true, key(false, None), false),
        (GROUP, false, key(true, None), false),
        (GROUP, false, key(false, ours), true),
        (GROUP, false, key(false, theirs), false),
        (GROUP, true, key(true, ours), true),
        (GROUP, true, key(false, theirs), false),
    ] {
        let told = done(&reaction(key.clone(), "👍"), &info(chat, by_us));
        let Some(EventData::MessageReaction { target, by, emoji, at }) = told else {
            panic!("no reaction: {told:?}");
        };
        assert_eq!(target.from_me, from_me, "{chat} {by_us} {key:?}");
        assert_eq!((target.stanza_id.as_str(), target.chat.to_string().as_str()), ("3EB0", chat));
        assert_eq!(target.contact, if chat == THEM { them() } else { ContactIds::default() });
        assert_eq!(by, Actor { from_me: by_us, contact: if by_us { own().ids() } else { them() } });
        assert_eq!((emoji.as_deref(), at), (Some("👍"), Timestamp::from_millis(1_767_225_600_000)));
    }
}

#[test]
fn an_empty_reaction_takes_the_earlier_one_back() {
    let told = done(&reaction(key(true, None), ""), &info(THEM, false));
    assert!(matches!(told, Some(EventData::MessageReaction { emoji: None, .. })), "{told:?}");
}

#[test]
fn edits_carry_the_new_text() {
    let text = wa::Message { conversation: Some("better".to_owned()), ..Default::default() };
    let caption = wa::message::ImageMessage { caption: Some("below".to_owned()), ..Default::default() };
    let image = wa::Message { image_message: caption.into(), ..Default::default() };
    let place = wa::Message {
        location_message: wa::message::LocationMessage::default().into(),
        ..Default::default()
    };
    for (edited, content) in [
        (text, Content::Text { body: "better".to_owned() }),
        (image, Content::Text { body: "below".to_owned() }),
        (place, Content::Other { what: "location".to_owned() }),
    ] {
        let told = done(&protocol(Type::MESSAGE_EDIT, Some(edited)), &info(THEM, false));
        let Some(EventData::MessageUpdated { target, content: now, .. }) = told else {
            panic!("no edit: {told:?}");
        };
        assert_eq!((now, target.from_me), (content, false));
    }
    assert_eq!(done(&protocol(Type::MESSAGE_EDIT, None), &info(THEM, false)), None, "nothing to show");
}

#[test]
fn a_revoke_deletes_for_everyone() {
    let told = done(&protocol(Type::REVOKE, None), &info(THEM, false));
    let Some(EventData::MessageDeleted { target, for_everyone: true, .. }) = told else {
        panic!("no deletion: {told:?}");
    };
    assert!(!target.from_me);
}

#[test]
fn what_stands_for_itself_is_no_act() {
    let text = wa::Message { conversation: Some("hello".to_owned()), ..Default::default() };
    assert_eq!(done(&text, &info(THEM, false)), None);
    assert_eq!(done(&protocol(Type::EPHEMERAL_SETTING, None), &info(THEM, false)), None);
    let nameless = wa::MessageKey { id: None, ..key(true, None) };
    assert_eq!(done(&reaction(nameless, "👍"), &info(THEM, false)), None);
    assert_eq!(done(&reaction(key(true, None), "👍"), &info("status@broadcast", false)), None);
    let mut peer = info(THEM, false);
    peer.category = MessageCategory::Peer;
    assert_eq!(done(&reaction(key(true, None), "👍"), &peer), None);
}

#[test]
fn a_vote_is_told_once_it_is_opened() {
    let part = wa::message::PollUpdateMessage {
        poll_creation_message_key: key(false, None).into(),
        ..Default::default()
    };
    let message = wa::Message { poll_update_message: part.into(), ..Default::default() };
    assert_eq!(done(&message, &info(THEM, false)), None);
    let vote = ["tea".to_owned()];
    let told = act(&message, &info(THEM, false), &own(), &them(), Some(&vote));
    let Some(EventData::PollVote { target, options, .. }) = told else {
        panic!("no vote: {told:?}");
    };
    assert_eq!((target.from_me, options), (true, vec!["tea".to_owned()]));
}
