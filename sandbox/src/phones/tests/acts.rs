//! Reactions, edits, revokes, pins, votes: what they leave of the message they are about.

use std::sync::atomic::Ordering;

use serde_json::json;
use wacore::message_edit::{MessageEditContext, encrypt_message_edit};
use wacore::reaction::encrypt_reaction_with_secret;
use wacore_binary::Jid;
use waproto::whatsapp as wa;

use super::lan::World;
use crate::phones::{Attendance, OptionVotes, Outgoing, ReactionBy, ResponseBy, RevokedBy};
use crate::ports::{Phones, PortError};

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const CAI: &str = "491700000003";
const BY_PN: &str = "120363000000000001@g.us";
const BY_LID: &str = "120363000000000002@g.us";

async fn world(dir: &std::path::Path) -> World {
    let world = World::open(dir).await;
    for pn in [ADA, BEN, CAI] {
        world.phones.ensure(pn, None).await.expect("phone");
    }
    world.lan.group(BY_PN, false, &[ADA, BEN, CAI]);
    world.lan.group(BY_LID, true, &[ADA, BEN, CAI]);
    world
}

/// The chats in which Ada and Ben talk: how Ada names it, how Ben names it.
const CHATS: [(&str, &str); 3] = [(BEN, ADA), (BY_PN, BY_PN), (BY_LID, BY_LID)];

#[tokio::test]
async fn the_newest_reaction_of_each_is_shown() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for (to_ben, to_ada) in CHATS {
        let id = world.text(ADA, to_ben, "hello").await.id;
        let react = async |pn: &str, to: &str, emoji: &str| {
            world.say(pn, to, json!({"reaction": {"message": id, "emoji": emoji}})).await
        };
        let reactions = async |pn: &str| world.shown(pn, &id).await.acts.reactions;
        let by = |by: &str, emoji: &str| ReactionBy { by: by.to_owned(), emoji: emoji.to_owned() };
        react(BEN, to_ada, "👍").await;
        let last = react(BEN, to_ada, "🎉").await;
        react(ADA, to_ben, "❤️").await;
        for pn in [ADA, BEN] {
            assert_eq!(reactions(pn).await, [by(BEN, "🎉"), by(ADA, "❤️")]);
        }
        assert_eq!(world.shown(ADA, &last.id).await.kind, "reaction", "the act itself is shown, too");
        react(BEN, to_ada, "").await;
        assert_eq!(reactions(ADA).await, [by(ADA, "❤️")]);
    }
}

#[tokio::test]
async fn an_edit_changes_the_text_and_keeps_the_earlier_ones() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for (to_ben, to_ada) in CHATS {
        let id = world.text(ADA, to_ben, "one").await.id;
        for text in ["two", "three"] {
            world.say(ADA, to_ben, json!({"edit": {"message": id, "text": text}})).await;
        }
        let stanza = world.lan.from(ADA, "message").pop().expect("stanza");
        assert_eq!(stanza.attrs().optional_string("edit").as_deref(), Some("1"));
        for pn in [ADA, BEN] {
            let shown = world.shown(pn, &id).await;
            assert_eq!(shown.text.as_deref(), Some("three"));
            assert_eq!(shown.acts.earlier_texts, ["one", "two"]);
        }
        let foreign = Outgoing {
            to: to_ada.to_owned(),
            body: Some(serde_json::from_value(json!({"edit": {"message": id, "text": "x"}})).expect("body")),
            ..Outgoing::default()
        };
        assert!(matches!(world.phones.send(BEN, foreign).await, Err(PortError::Refused(_))));
    }
}

#[tokio::test]
async fn a_revoked_message_says_nothing_any_more() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for (to_ben, to_ada) in CHATS {
        let id = world.text(ADA, to_ben, "oops").await.id;
        world.say(ADA, to_ben, json!({"revoke": {"message": id}})).await;
        let shown = world.shown(BEN, &id).await;
        let revoked = RevokedBy { by: ADA.to_owned(), by_admin: false };
        assert_eq!((shown.text, shown.acts.revoked), (None, Some(revoked)));
        let stanza = world.lan.from(ADA, "message").pop().expect("stanza");
        assert_eq!(stanza.attrs().optional_string("edit").as_deref(), Some("7"));

        let mine = world.text(BEN, to_ada, "mine").await.id;
        if to_ben == to_ada {
            // Ada is an admin, Cai is not
            let foreign = world.text(ADA, to_ben, "Ada's").await.id;
            world.say(CAI, to_ben, json!({"revoke": {"message": foreign}})).await;
            assert_eq!(world.shown(BEN, &foreign).await.acts.revoked, None);
            world.say(ADA, to_ben, json!({"revoke": {"message": mine}})).await;
            let revoked = RevokedBy { by: ADA.to_owned(), by_admin: true };
            for pn in [ADA, BEN, CAI] {
                assert_eq!(world.shown(pn, &mine).await.acts.revoked.as_ref(), Some(&revoked), "{pn}");
            }
        } else {
            let body = serde_json::from_value(json!({"revoke": {"message": mine}})).expect("body");
            let outgoing = Outgoing { to: to_ben.to_owned(), body: Some(body), ..Outgoing::default() };
            assert!(matches!(world.phones.send(ADA, outgoing).await, Err(PortError::Refused(_))));
        }
    }
}

#[tokio::test]
async fn messages_are_pinned_and_kept() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for (to_ben, to_ada) in CHATS {
        let id = world.text(ADA, to_ben, "remember").await.id;
        world.say(BEN, to_ada, json!({"pin": {"message": id}})).await;
        world.say(BEN, to_ada, json!({"keep": {"message": id}})).await;
        let acts = world.shown(ADA, &id).await.acts;
        assert!(acts.pinned && acts.kept);
        world.say(BEN, to_ada, json!({"pin": {"message": id, "pinned": false}})).await;
        world.say(BEN, to_ada, json!({"keep": {"message": id, "kept": false}})).await;
        let acts = world.shown(ADA, &id).await.acts;
        assert!(!acts.pinned && !acts.kept);
    }
}

#[tokio::test]
async fn votes_are_opened_and_counted_once_per_voter() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for (to_ben, to_ada) in CHATS {
        let poll = json!({"poll": {"name": "Lunch?", "options": ["Pho", "Ramen", "Soup"], "selectable": 0}});
        let id = world.say(ADA, to_ben, poll).await.id;
        let vote = async |pn: &str, to: &str, options: &[&str]| {
            world.say(pn, to, json!({"poll_vote": {"message": id, "options": options}})).await
        };
        vote(BEN, to_ada, &["Pho", "Soup"]).await;
        vote(ADA, to_ben, &["Ramen"]).await;
        let stanza = world.lan.from(ADA, "message").pop().expect("stanza");
        let meta = stanza.get_optional_child("meta").expect("meta");
        assert_eq!(meta.attrs().optional_string("polltype").as_deref(), Some("vote"));
        let last = vote(BEN, to_ada, &["Soup"]).await;
        let votes = |option: &str, voters: &[&str]| OptionVotes {
            option: option.to_owned(),
            voters: voters.iter().map(|pn| (*pn).to_owned()).collect(),
        };
        for pn in [ADA, BEN] {
            let tally = world.shown(pn, &id).await.acts.votes;
            assert_eq!(tally, [votes("Pho", &[]), votes("Ramen", &[ADA]), votes("Soup", &[BEN])], "{pn}");
        }
        let seen = world.shown(ADA, &last.id).await;
        assert_eq!(
            serde_json::to_value(seen.body).expect("json"),
            json!({"poll_vote": {"message": id, "options": ["Soup"]}})
        );
        let body = json!({"poll_vote": {"message": id, "options": ["Pizza"]}});
        let outgoing = Outgoing {
            to: to_ada.to_owned(),
            body: Some(serde_json::from_value(body).expect("body")),
            ..Outgoing::default()
        };
        assert!(matches!(world.phones.send(BEN, outgoing).await, Err(PortError::Refused(_))));
    }
}

#[tokio::test]
async fn a_vote_that_comes_before_its_poll_is_counted_when_the_poll_has_come() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    world.text(ADA, BY_LID, "all have a key").await;
    world.text(BEN, BY_LID, "of both").await;
    world.lan.hold.store(1, Ordering::SeqCst);
    let poll = json!({"poll": {"name": "?", "options": ["a", "b"], "selectable": 1}});
    let id = world.say(ADA, BY_LID, poll).await.id;
    let held = |pn: &str| world.lan.to(pn, 0).pop().expect("held");
    let (for_ben, for_cai) = (held(BEN), held(CAI));
    world.lan.hold.store(0, Ordering::SeqCst);
    world.phones.deliver(BEN, for_ben).await.expect("delivered");
    let vote = world.say(BEN, BY_LID, json!({"poll_vote": {"message": id, "options": ["b"]}})).await.id;
    assert!(matches!(world.phones.message(CAI, &id).await, Err(PortError::NotFound(_))));
    world.phones.deliver(CAI, for_cai).await.expect("delivered");
    let tally = world.shown(CAI, &id).await.acts.votes;
    assert_eq!(tally[1], OptionVotes { option: "b".to_owned(), voters: vec![BEN.to_owned()] });
    let vote = serde_json::to_value(world.shown(CAI, &vote).await.body).expect("json");
    assert_eq!(vote["poll_vote"]["options"], json!(["b"]));
}

#[tokio::test]
async fn guests_answer_an_event() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for (to_ben, to_ada) in CHATS {
        let id = world.say(ADA, to_ben, json!({"event": {"name": "Party", "start": 5}})).await.id;
        for response in ["maybe", "going"] {
            let answer = json!({"event_response": {"message": id, "response": response}});
            world.say(BEN, to_ada, answer).await;
        }
        let answers = world.shown(ADA, &id).await.acts.responses;
        assert_eq!(answers, [ResponseBy { by: BEN.to_owned(), response: Attendance::Going }]);
    }
}

#[tokio::test]
async fn reactions_and_edits_under_the_secret_of_their_message_are_opened() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let sent = world.text(ADA, BEN, "one").await;
    let original = waproto::codec::message_decode(&sent.raw).expect("message");
    let secret = original.message_context_info.message_secret.clone().expect("a phone gives a secret");
    let (ada, ben) = (Jid::pn(ADA).to_string(), Jid::pn(BEN).to_string());
    let key = wa::MessageKey { id: Some(sent.id.clone()), ..Default::default() };

    let (payload, iv) = encrypt_reaction_with_secret("🔥", 1, &secret, &sent.id, &ada, &ben).expect("sealed");
    let reaction = wa::message::EncReactionMessage {
        target_message_key: key.clone().into(),
        enc_payload: Some(payload),
        enc_iv: Some(iv.to_vec()),
    };
    let reaction = wa::Message { enc_reaction_message: reaction.into(), ..Default::default() };

    let inner = wa::message::ProtocolMessage {
        edited_message: wa::Message { conversation: Some("two".to_owned()), ..Default::default() }.into(),
        ..Default::default()
    };
    let inner = wa::Message { protocol_message: inner.into(), ..Default::default() };
    let context =
        MessageEditContext { original_msg_id: &sent.id, original_sender_jid: &ada, editor_jid: &ada };
    let (payload, iv) = encrypt_message_edit(&inner, &secret, &context).expect("sealed");
    let edit = wa::message::SecretEncryptedMessage {
        target_message_key: key.into(),
        enc_payload: Some(payload),
        enc_iv: Some(iv.to_vec()),
        secret_enc_type: Some(wa::message::secret_encrypted_message::SecretEncType::MESSAGE_EDIT),
        ..Default::default()
    };
    let edit = wa::Message { secret_encrypted_message: edit.into(), ..Default::default() };

    for (from, to, message) in [(BEN, ADA, reaction), (ADA, BEN, edit)] {
        let raw = Some(waproto::codec::message_to_vec(&message));
        world
            .phones
            .send(from, Outgoing { to: to.to_owned(), raw, ..Outgoing::default() })
            .await
            .expect("sent");
    }
    let on_ada = world.shown(ADA, &sent.id).await;
    assert_eq!(on_ada.acts.reactions, [ReactionBy { by: BEN.to_owned(), emoji: "🔥".to_owned() }]);
    let on_ben = world.shown(BEN, &sent.id).await;
    assert_eq!(on_ben.text.as_deref(), Some("two"));
    assert_eq!(on_ben.acts.earlier_texts, ["one"]);
}
