//! What people do to messages that are there: reactions, edits, deletions, votes.

use serde_json::json;
use wagate_domain::{
    events::{EventData, Target},
    messages::Content,
    sessions::SessionKey,
};

use crate::rig::Rig;

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

/// Waits for a vote for these options; the poll it is in.
async fn voted(rig: &Rig, session: SessionKey, options: &[&str]) -> Target {
    rig.event("the vote", session, |data| match data {
        EventData::PollVote { target, options: chosen, .. } if chosen == options => Some(target.clone()),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_told_and_taken_back() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let sent = rig.send_text(session, THEM, "good news").await;
    rig.shown(THEM, &sent.stanza_id).await;
    for emoji in ["🎉", ""] {
        rig.phone_sends(THEM, US, json!({ "reaction": { "message": sent.stanza_id, "emoji": emoji } })).await;
        let wanted = Some(emoji).filter(|emoji| !emoji.is_empty());
        let (target, by) = rig
            .event("the reaction", session, |data| match data {
                EventData::MessageReaction { target, by, emoji, .. } if emoji.as_deref() == wanted => {
                    Some((target.clone(), by.clone()))
                }
                _ => None,
            })
            .await;
        assert_eq!((target.stanza_id.as_str(), target.from_me), (sent.stanza_id.as_str(), true));
        assert!(!by.from_me);
        assert_eq!(by.contact.pn.as_deref(), Some(THEM));
        assert!(by.contact.lid.is_some() && target.contact == by.contact, "{target:?} {by:?}");
    }
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_and_a_deletion_name_the_message() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let id = rig.phone_says(THEM, US, "hte first").await;
    rig.received(session, "hte first").await;
    rig.phone_sends(THEM, US, json!({ "edit": { "message": id, "text": "the first" } })).await;
    let (target, content) = rig
        .event("the edit", session, |data| match data {
            EventData::MessageUpdated { target, content, .. } => Some((target.clone(), content.clone())),
            _ => None,
        })
        .await;
    assert_eq!((target.stanza_id.as_str(), target.from_me), (id.as_str(), false));
    assert_eq!(content, Content::Text { body: "the first".to_owned() });

    rig.phone_sends(THEM, US, json!({ "revoke": { "message": id } })).await;
    let (target, for_everyone) = rig
        .event("the deletion", session, |data| match data {
            EventData::MessageDeleted { target, for_everyone, .. } => Some((target.clone(), *for_everyone)),
            _ => None,
        })
        .await;
    assert_eq!((target.stanza_id.as_str(), target.from_me, for_everyone), (id.as_str(), false, true));
    // none of it is a message of its own
    let messages = rig.events(session).into_iter();
    assert_eq!(messages.filter(|data| matches!(data, EventData::MessageReceived { .. })).count(), 1);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_our_own_phone_does_is_told_as_ours() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let id = rig.phone_says(THEM, US, "look").await;
    rig.received(session, "look").await;
    rig.phone_sends(US, THEM, json!({ "reaction": { "message": id, "emoji": "👀" } })).await;
    let (target, by) = rig
        .event("our reaction", session, |data| match data {
            EventData::MessageReaction { target, by, .. } => Some((target.clone(), by.clone())),
            _ => None,
        })
        .await;
    assert_eq!((target.stanza_id.as_str(), target.from_me, by.from_me), (id.as_str(), false, true));
    assert_eq!(target.contact.pn.as_deref(), Some(THEM));
    assert_eq!(by.contact.pn.as_deref(), Some(US));
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_are_opened_into_the_options_texts() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    // one of theirs, in which our own phone votes, and one of our phone's, in which they do
    for (maker, voter) in [(THEM, US), (US, THEM)] {
        let poll = json!({ "poll": { "name": "Drinks?", "options": ["tea", "coffee"], "selectable": 0 } });
        let id = rig.phone_sends(maker, voter, poll).await;
        rig.shown(voter, &id).await;
        for options in [&["coffee", "tea"][..], &["tea"], &[]] {
            let vote = json!({ "poll_vote": { "message": id, "options": options } });
            rig.phone_sends(voter, maker, vote).await;
            let target = rig
                .event("the vote", session, |data| match data {
                    EventData::PollVote { target, options: chosen, .. }
                        if target.stanza_id == id && chosen == options =>
                    {
                        Some(target.clone())
                    }
                    _ => None,
                })
                .await;
            assert_eq!(target.from_me, maker == US);
        }
    }
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_and_its_vote_that_came_while_nobody_listened_are_both_read() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    connector.shutdown().await;
    let poll = json!({ "poll": { "name": "Food?", "options": ["rice", "bread"], "selectable": 1 } });
    let id = rig.phone_sends(THEM, US, poll).await;
    rig.phone_sends(THEM, US, json!({ "poll_vote": { "message": id, "options": ["rice"] } })).await;
    let connector = rig.connector();
    let target = voted(&rig, session, &["rice"]).await;
    assert_eq!((target.stanza_id, target.from_me), (id, false));
    connector.shutdown().await;
    rig.stop().await;
}
