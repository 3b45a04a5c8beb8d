//! Phones and clients in groups.

use serde_json::json;
use wacore_binary::Jid;
use wagate_sandbox::phones::{Outgoing, Simulated, Status, StoredMessage};
use whatsapp_rust::send::RevokeType;

use crate::client::Client;
use crate::groups::{group_of, say_in};
use crate::{Lan, eventually};

const ALICE: &str = "4915900000001";
const BOB: &str = "4915900000002";
const CAROL: &str = "4915900000003";

async fn shown(phones: &Simulated, pn: &str, id: &str, is: impl Fn(&StoredMessage) -> bool) -> StoredMessage {
    eventually(&format!("{id} on the phone"), || async { phones.message(pn, id).await.ok().filter(&is) })
        .await
}

fn text(to: &Jid, text: &str) -> Outgoing {
    Outgoing { to: to.to_string(), text: Some(text.into()), ..Outgoing::default() }
}

/// The sandbox's own file of phones.
async fn store(lan: &Lan) -> sqlx::SqlitePool {
    let file = lan.folder.path().join("sandbox").join("phones.db");
    sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(file))
        .await
        .expect("store")
}

#[tokio::test(flavor = "multi_thread")]
async fn members_write_to_each_other_and_are_told_apart() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let group = group_of(&alice, "Friends", &[BOB, CAROL]).await;

    let id = say_in(&alice, &group, "hello all").await.expect("sent");
    for pn in [BOB, CAROL] {
        let got = shown(&phones, pn, &id, |_| true).await;
        assert_eq!((got.chat.as_str(), got.from.0.as_str()), (group.to_string().as_str(), ALICE));
        assert_eq!(got.text.as_deref(), Some("hello all"));
    }
    phones.read_chat(CAROL, &group.to_string()).await.expect("read");
    alice.receipt(&id, "Read").await;
    let told = eventually("both have it, one has read it", || async {
        let told = phones.seen_by(ALICE, &id).await.ok()?;
        (told.len() == 3).then_some(told)
    })
    .await;
    assert!(told.iter().any(|seen| seen.number == CAROL && seen.status == Status::Read));
    assert!(!told.iter().any(|seen| seen.number == BOB && seen.status == Status::Read));

    for (n, from) in [BOB, CAROL, BOB].into_iter().enumerate() {
        let sent = phones.send(from, text(&group, &format!("answer {n}"))).await.expect("sent");
        let got = alice.message(&sent.id).await;
        assert_eq!(got.message.conversation.as_deref(), Some(format!("answer {n}").as_str()));
        assert_eq!(got.info.source.chat, group);
        eventually("delivery to the client", || async {
            let told = phones.seen_by(from, &sent.id).await.ok()?;
            told.iter().find(|seen| seen.number == ALICE && seen.device == 1).map(drop)
        })
        .await;
    }
    let chat = eventually("the last answer on Carol's phone", || async {
        let chat = phones.chat_messages(CAROL, &group.to_string(), 0, 100).await.ok()?.items;
        (chat.len() == 4).then_some(chat)
    })
    .await;
    let authors: Vec<_> = chat.iter().map(|message| message.from.0.as_str()).collect();
    assert_eq!(authors, [ALICE, BOB, CAROL, BOB]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_opened_is_sent_again() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let group = group_of(&alice, "Friends", &[BOB, CAROL]).await;
    let first = say_in(&alice, &group, "first").await.expect("sent");
    shown(&phones, BOB, &first, |_| true).await;

    // Bob's phone has lost the client's key
    let file = store(&lan).await;
    let lost =
        sqlx::query("DELETE FROM sender_keys WHERE pn = ?").bind(BOB).execute(&file).await.expect("lost");
    assert!(lost.rows_affected() > 0);
    let second = say_in(&alice, &group, "second").await.expect("sent");
    let got = shown(&phones, BOB, &second, |message| !message.undecryptable).await;
    assert_eq!((got.text.as_deref(), got.retries, got.duplicates), (Some("second"), 1, 0));
    let third = say_in(&alice, &group, "third").await.expect("sent");
    shown(&phones, BOB, &third, |message| !message.undecryptable).await;

    // Carol's phone believes that the client has its key
    sqlx::query("INSERT INTO sender_key_holders (pn, chat, address) VALUES (?, ?, ?)")
        .bind(CAROL)
        .bind(group.to_string())
        .bind(format!("{ALICE}.1"))
        .execute(&file)
        .await
        .expect("believed");
    file.close().await;
    let sent = phones.send(CAROL, text(&group, "can you read this?")).await.expect("sent");
    let got = alice.message(&sent.id).await;
    assert_eq!(got.message.conversation.as_deref(), Some("can you read this?"));
    let sent = phones.send(CAROL, text(&group, "and this?")).await.expect("sent");
    alice.message(&sent.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_reactions_and_deletions_reach_all() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let group = group_of(&alice, "Friends", &[BOB, CAROL]).await;
    let say = async |from: &str, body: serde_json::Value| {
        let body = serde_json::from_value(body).expect("a body");
        let outgoing = Outgoing { to: group.to_string(), body: Some(body), ..Outgoing::default() };
        phones.send(from, outgoing).await.expect("sent")
    };
    let poll = say(BOB, json!({"poll": {"name": "?", "options": ["a", "b"], "selectable": 1}})).await;
    let got = alice.message(&poll.id).await;
    let secret = got.message.message_context_info.message_secret.clone().expect("secret");
    let creator = got.info.source.sender.to_non_ad();
    let wa = alice.wa();
    wa.polls().vote(group.clone(), &poll.id, &creator, &secret, &["b".to_owned()]).await.expect("vote");
    shown(&phones, CAROL, &poll.id, |_| true).await;
    say(CAROL, json!({"poll_vote": {"message": poll.id, "options": ["a"]}})).await;
    for pn in [BOB, CAROL] {
        let all = |message: &StoredMessage| {
            message.acts.votes.iter().map(|option| option.voters.len()).sum::<usize>() == 2
        };
        let votes = shown(&phones, pn, &poll.id, all).await.acts.votes;
        assert_eq!((votes[0].voters[0].as_str(), votes[1].voters[0].as_str()), (CAROL, ALICE));
    }

    let his = phones.send(BOB, text(&group, "his")).await.expect("sent").id;
    let author = alice.message(&his).await.info.source.sender.to_non_ad();
    // Carol is no admin, Alice made the group
    shown(&phones, CAROL, &his, |_| true).await;
    say(CAROL, json!({"revoke": {"message": his}})).await;
    let admin = RevokeType::Admin { original_sender: author };
    wa.revoke_message(group.clone(), his.clone(), admin).await.expect("revoke");
    for pn in [BOB, CAROL] {
        let revoked = |message: &StoredMessage| message.acts.revoked.is_some();
        let by = shown(&phones, pn, &his, revoked).await.acts.revoked.expect("revoked");
        assert_eq!((by.by.as_str(), by.by_admin), (ALICE, true));
    }
}
