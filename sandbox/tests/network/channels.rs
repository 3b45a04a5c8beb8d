//! Channels as whatsapp-rust uses them.

use serde_json::{Value, json};
use wacore::proto_helpers::MessageBuilderExt;
use wacore::types::events::{Event, InboundMessage, NewsletterLiveUpdateMessage};
use wacore::types::message::EditAttribute;
use wacore_binary::Jid;
use waproto::whatsapp::Message;
use whatsapp_rust::NewsletterMessageType::{Revoke, Text};
use whatsapp_rust::NewsletterRole::{Guest, Owner, Subscriber};
use whatsapp_rust::features::MexRequest;

use crate::client::Client;
use crate::{Lan, eventually};

const ALICE: &str = "4915810000001";
const BOB: &str = "4915810000002";
const CAROL: &str = "4915810000003";

/// A channel of a client.
async fn channel(owner: &Client) -> Jid {
    owner.wa().newsletter().create("News", Some("All of it")).await.expect("create").jid
}

/// Publishes a text and returns its id once the server has it.
async fn publish(author: &Client, channel: &Jid, text: &str) -> String {
    let sent = author.wa().send_message(channel.clone(), Message::text(text)).await.expect("publish");
    assert_eq!(settled(author, &sent.message_id).await, None);
    sent.message_id
}

/// Error of the server's ack.
async fn settled(client: &Client, id: &str) -> Option<String> {
    client
        .wait("server ack", |event| match event {
            Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
            _ => None,
        })
        .await
}

/// Waits for a delivery of a post with this `edit`.
async fn delivered(client: &Client, id: &str, edit: EditAttribute) -> InboundMessage {
    client
        .wait(&format!("{edit:?} of {id}"), |event| match event {
            Event::Messages(batch) => {
                batch.messages.iter().find(|m| m.info.id == id && m.info.edit == edit).cloned()
            }
            _ => None,
        })
        .await
}

/// Waits for a GraphQL push.
async fn pushed(client: &Client, operation: &str) -> Value {
    client
        .wait(operation, |event| match event {
            Event::MexNotification(push) if push.op_name == operation => Some(push.payload.clone()),
            _ => None,
        })
        .await
}

async fn query(client: &Client, id: &'static str, variables: Value) -> Result<Value, String> {
    let answer = client.wa().mex().query(MexRequest::new("test", id, variables)).await;
    answer.map(|answer| answer.data.unwrap_or_default()).map_err(|error| format!("{error:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_found_followed_and_left() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let made = alice.wa().newsletter().create("News", Some("All of it")).await.expect("create");
    assert_eq!((made.name.as_str(), made.description.as_deref()), ("News", Some("All of it")));
    assert_eq!((made.role.clone(), made.subscriber_count), (Some(Owner), 1));
    assert!(made.creation_time.is_some() && made.picture_url.is_none());

    let bobs = bob.wa();
    let invite = made.invite_code.as_deref().expect("invite");
    let found = bobs.newsletter().get_metadata_by_invite(invite).await.expect("by invite");
    assert_eq!((found.jid.clone(), found.role), (made.jid.clone(), Some(Guest)));
    let joined = bobs.newsletter().join(&made.jid).await.expect("join");
    assert_eq!((joined.role, joined.subscriber_count), (Some(Subscriber), 2));
    let again = bobs.newsletter().join(&made.jid).await.expect("join again");
    assert_eq!(again.subscriber_count, 2);
    let listed = bobs.newsletter().list_subscribed().await.expect("list");
    assert_eq!(listed.iter().map(|c| &c.jid).collect::<Vec<_>>(), [&made.jid]);

    bobs.newsletter().leave(&made.jid).await.expect("leave");
    assert!(bobs.newsletter().list_subscribed().await.expect("list").is_empty());
    let seen = bobs.newsletter().get_metadata(&made.jid).await.expect("by jid");
    assert_eq!((seen.role, seen.subscriber_count), (Some(Guest), 1));
    alice.wa().newsletter().leave(&made.jid).await.expect_err("an owner does not leave");
    let nobody: Jid = "120363400000000000@newsletter".parse().expect("jid");
    bobs.newsletter().get_metadata(&nobody).await.expect_err("no such channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_reach_followers_and_own_devices_and_stay_in_the_history() {
    let lan = Lan::start().await;
    let laptop = Client::linked(&lan.sandbox, ALICE).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let jid = channel(&laptop).await;
    let push = pushed(&tablet, "NotificationNewsletterJoin").await;
    assert_eq!(push["data"]["xwa2_notify_newsletter_on_join"]["id"], jid.to_string());
    bob.wa().newsletter().join(&jid).await.expect("join");

    let first = publish(&laptop, &jid, "first").await;
    let second = publish(&laptop, &jid, "second").await;
    let got = bob.text("first").await;
    assert_eq!((got.info.id.as_str(), &got.info.source.chat), (first.as_str(), &jid));
    assert!(got.info.server_id >= 100, "{}", got.info.server_id);
    let next = bob.text("second").await;
    assert!(next.info.server_id > got.info.server_id);
    tablet.text("second").await;
    assert_eq!(laptop.texts(), Vec::<String>::new(), "the device that wrote them");

    let history = bob.wa().newsletter().get_messages(jid.clone(), 10, None).await.expect("history");
    let ids: Vec<_> = history.iter().map(|m| (m.message_id.clone(), m.is_sender)).collect();
    assert_eq!(ids, [(first.clone(), false), (second.clone(), false)]);
    let own = laptop.wa().newsletter().get_messages(jid.clone(), 1, None).await.expect("history");
    assert_eq!((own[0].message_id.as_str(), own[0].is_sender), (second.as_str(), true));
    let before = Some(own[0].server_id);
    let older = bob.wa().newsletter().get_messages(jid.clone(), 10, before).await.expect("history");
    assert_eq!(older.iter().map(|m| m.message_id.as_str()).collect::<Vec<_>>(), [first.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_edited_and_revoked() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    bob.wa().newsletter().join(&jid).await.expect("join");
    let id = publish(&alice, &jid, "wrong").await;
    let post = delivered(&bob, &id, EditAttribute::Empty).await;
    alice.wa().newsletter().edit_message(&jid, &id, Message::text("right")).await.expect("edit");
    let edited = delivered(&bob, &id, EditAttribute::AdminEdit).await;
    assert_eq!(edited.info.server_id, post.info.server_id);
    bob.text("right").await;
    let history = bob.wa().newsletter().get_messages(jid.clone(), 10, None).await.expect("history");
    assert_eq!((history.len(), &history[0].message_type), (1, &Text));
    let text = history[0].message.as_ref().and_then(|m| m.conversation.clone());
    assert_eq!(text.as_deref(), Some("right"));

    alice.wa().newsletter().revoke_message(&jid, &id).await.expect("revoke");
    delivered(&bob, &id, EditAttribute::AdminRevoke).await;
    let history = bob.wa().newsletter().get_messages(jid.clone(), 10, None).await.expect("history");
    assert_eq!((&history[0].message_type, history[0].message.is_none()), (&Revoke, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_counted_and_shown_live() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    let news = bob.wa();
    news.newsletter().join(&jid).await.expect("join");
    publish(&alice, &jid, "how is it?").await;
    let server_id = u64::try_from(bob.text("how is it?").await.info.server_id).expect("server id");
    for client in [&alice, &bob] {
        let duration = client.wa().newsletter().subscribe_live_updates(jid.clone()).await.expect("live");
        assert_eq!(duration, 300);
    }
    alice.wa().newsletter().send_reaction(&jid, server_id, "👍").await.expect("react");
    reactions(&alice, server_id, &[("👍", 1)]).await;
    news.newsletter().send_reaction(&jid, server_id, "❤️").await.expect("react");
    reactions(&bob, server_id, &[("👍", 1), ("❤️", 1)]).await;
    news.newsletter().send_reaction(&jid, server_id, "👍").await.expect("change");
    for client in [&alice, &bob] {
        reactions(client, server_id, &[("👍", 2)]).await;
    }
    let history = news.newsletter().get_messages(jid.clone(), 1, None).await.expect("history");
    let counted: Vec<_> = history[0].reactions.iter().map(|r| (r.code.as_str(), r.count)).collect();
    assert_eq!(counted, [("👍", 2)]);
    alice.wa().newsletter().send_reaction(&jid, server_id, "").await.expect("remove");
    news.newsletter().send_reaction(&jid, server_id, "").await.expect("remove");
    for client in [&alice, &bob] {
        reactions(client, server_id, &[]).await;
    }
}

/// Waits for a live update with exactly these counts, in whatever order.
async fn reactions(client: &Client, server_id: u64, expected: &[(&str, u64)]) {
    let fits = |message: &NewsletterLiveUpdateMessage| {
        let has = |(code, count): &(&str, u64)| {
            message.reactions.iter().any(|r| r.code == *code && r.count == *count)
        };
        message.server_id == server_id
            && message.reactions.len() == expected.len()
            && expected.iter().all(has)
    };
    client
        .wait(&format!("reactions {expected:?}"), |event| match event {
            Event::NewsletterLiveUpdate(update) => update.messages.iter().any(fits).then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_posted_while_a_follower_is_away_comes_in_order() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    bob.wa().newsletter().join(&jid).await.expect("join");
    let store = bob.leave().await;
    for n in 0..5 {
        publish(&alice, &jid, &format!("post {n}")).await;
    }
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    bob.text("post 4").await;
    assert_eq!(bob.texts(), (0..5).map(|n| format!("post {n}")).collect::<Vec<_>>());
    assert!(bob.text("post 0").await.info.is_offline);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_runs_a_channel_changes_it() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    let news = bob.wa();
    let id = publish(&alice, &jid, "mine").await;
    let post =
        alice.wa().newsletter().get_messages(jid.clone(), 1, None).await.expect("history")[0].server_id;
    for follows in [false, true] {
        if follows {
            news.newsletter().join(&jid).await.expect("join");
        }
        let sent = news.send_message(jid.clone(), Message::text("not mine")).await.expect("send");
        assert_eq!(settled(&bob, &sent.message_id).await.as_deref(), Some("403"));
        news.newsletter().edit_message(&jid, &id, Message::text("other")).await.expect("send");
        assert_eq!(settled(&bob, &id).await.as_deref(), Some("403"));
        let refused = news.newsletter().update(&jid, Some("Stolen"), None).await.expect_err("update");
        assert!(format!("{refused:?}").contains("code=403"), "{refused:?}");
        query(&bob, "30062808666639665", json!({ "newsletter_id": jid.to_string() }))
            .await
            .expect_err("delete");
    }
    news.newsletter().leave(&jid).await.expect("leave");
    news.newsletter().send_reaction(&jid, post, "👍").await.expect("send");
    // A request behind it is answered after it.
    let history = news.newsletter().get_messages(jid.clone(), 1, None).await.expect("history");
    assert!(history[0].reactions.is_empty(), "a guest does not react");
    let seen = news.newsletter().get_metadata(&jid).await.expect("metadata");
    assert_eq!(seen.name, "News");
    assert_eq!(history[0].message.as_ref().and_then(|m| m.conversation.as_deref()), Some("mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_to_followers() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    bob.wa().newsletter().join(&jid).await.expect("join");
    let changed = alice.wa().newsletter().update(&jid, Some("Newer"), Some("")).await.expect("update");
    assert_eq!((changed.name.as_str(), changed.description), ("Newer", None));
    let push = pushed(&bob, "NotificationNewsletterUpdate").await;
    assert_eq!(push["updates"][0]["settings"]["name"], "Newer");

    let update = |picture: &str| {
        let updates = json!({ "picture": picture, "name": null, "settings": null });
        json!({ "newsletter_id": jid.to_string(), "updates": updates })
    };
    let id = "24250201037901610";
    query(&alice, id, update("bm90IGEgcGljdHVyZQ==")).await.expect("picture");
    let seen = bob.wa().newsletter().get_metadata(&jid).await.expect("metadata");
    let path = seen.picture_url.expect("picture");
    assert_eq!(seen.preview_url.as_deref(), Some(path.as_str()));
    assert_eq!(lan.sandbox.network().download_media(&path).await.expect("file"), "not a picture");
    query(&alice, id, update("%%%")).await.expect_err("no base64");
    query(&alice, id, update("")).await.expect("removal");
    let seen = bob.wa().newsletter().get_metadata(&jid).await.expect("metadata");
    assert_eq!((seen.picture_url, seen.name.as_str()), (None, "Newer"));

    query(&alice, "30062808666639665", json!({ "newsletter_id": jid.to_string() })).await.expect("delete");
    let push = pushed(&bob, "NotificationNewsletterStateChange").await;
    assert_eq!(push["data"]["xwa2_notify_newsletter_on_state_change"]["state"]["type"], "deleted");
    bob.wa().newsletter().get_metadata(&jid).await.expect_err("deleted");
    assert!(bob.wa().newsletter().list_subscribed().await.expect("list").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_muted_on_all_devices_of_an_account() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let (laptop, tablet) = (Client::linked(&lan.sandbox, BOB).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    laptop.wa().newsletter().set_follower_mute(&jid, true).await.expect_err("not followed");
    laptop.wa().newsletter().join(&jid).await.expect("join");
    laptop.wa().newsletter().set_follower_mute(&jid, true).await.expect("mute");
    let push = pushed(&tablet, "NotificationNewsletterUserSettingChange").await;
    assert_eq!(push["data"]["xwa2_notify_newsletter_on_mute_change"]["mute"], "ON");
    laptop.wa().newsletter().set_admin_mute(&jid, true).await.expect("mute");
    laptop.wa().newsletter().set_follower_mute(&jid, false).await.expect("unmute");
    let asked = json!({ "input": { "key": jid.to_string(), "type": "JID" } });
    let seen = query(&tablet, "27456920720571478", asked).await.expect("metadata");
    let settings = json!([
        { "type": "MUTE_FOLLOWER_ACTIVITY", "value": "OFF" },
        { "type": "MUTE_ADMIN_ACTIVITY", "value": "ON" },
    ]);
    assert_eq!(seen["xwa2_newsletter"]["viewer_metadata"]["settings"], settings);
    laptop.wa().newsletter().leave(&jid).await.expect("leave");
    pushed(&tablet, "NotificationNewsletterLeave").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_come_by_invitation_and_may_take_over() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    let (invite, accept) = ("9387141988078609", "9580828702035549");
    let named = json!({ "newsletter_id": jid.to_string(), "user_id": Jid::pn(BOB).to_string() });
    query(&bob, accept, named.clone()).await.expect_err("not invited");
    query(&alice, invite, named.clone()).await.expect("invite");
    query(&alice, "9656078347839416", named.clone()).await.expect("revoke");
    pushed(&bob, "NotificationNewsletterAdminInviteRevoke").await;
    query(&bob, accept, named.clone()).await.expect_err("not invited any more");
    query(&alice, invite, named.clone()).await.expect("invite again");
    query(&bob, accept, named.clone()).await.expect("accept");
    let push = pushed(&alice, "NotificationNewsletterAdminPromote").await;
    assert_eq!(push["updates"][0], json!({ "jid": jid.to_string(), "user": Jid::pn(BOB).to_string() }));

    publish(&bob, &jid, "by an admin").await;
    alice.text("by an admin").await;
    query(
        &bob,
        "9880997548630971",
        json!({ "newsletter_id": jid.to_string(), "user_id": Jid::pn(ALICE).to_string() }),
    )
    .await
    .expect_err("an admin does not demote the owner");
    query(&alice, "9546742745432473", named.clone()).await.expect("change owner");
    pushed(&bob, "NotificationNewsletterOwnerUpdate").await;
    let roles = [bob.wa(), alice.wa()].map(|wa| {
        let jid = jid.clone();
        async move { wa.newsletter().get_metadata(&jid).await.expect("metadata").role }
    });
    let roles = futures::future::join_all(roles).await;
    assert_eq!(roles, [Some(Owner), Some(whatsapp_rust::NewsletterRole::Admin)]);

    let alices = json!({ "newsletter_id": jid.to_string(), "user_id": Jid::pn(ALICE).to_string() });
    query(&bob, "9880997548630971", alices).await.expect("demote");
    pushed(&alice, "NotificationNewsletterAdminDemote").await;
    let sent = alice.wa().send_message(jid.clone(), Message::text("no more")).await.expect("send");
    assert_eq!(settled(&alice, &sent.message_id).await.as_deref(), Some("403"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_channels_are_not_encrypted() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    bob.wa().newsletter().join(&jid).await.expect("join");
    let (url, path) =
        lan.sandbox.network().upload_media("newsletter-image", "a picture".into()).await.expect("upload");
    let image = waproto::whatsapp::message::ImageMessage {
        url: Some(url),
        direct_path: Some(path),
        mimetype: Some("image/png".to_owned()),
        file_sha256: Some(<sha2::Sha256 as sha2::Digest>::digest(b"a picture").to_vec()),
        file_length: Some(9),
        caption: Some("look".to_owned()),
        ..Default::default()
    };
    let message = Message { image_message: buffa::MessageField::some(image), ..Default::default() };
    let sent = alice.wa().send_message(jid.clone(), message).await.expect("send");
    let got = delivered(&bob, &sent.message_id, EditAttribute::Empty).await;
    let image = got.message.image_message.as_option().expect("image");
    assert_eq!(bob.wa().download(image).await.expect("download"), b"a picture");
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_counted_once_per_account() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let jid = channel(&alice).await;
    bob.wa().newsletter().join(&jid).await.expect("join");
    let id = publish(&alice, &jid, "seen?").await;
    bob.text("seen?").await;
    alice.wa().newsletter().subscribe_live_updates(jid.clone()).await.expect("live");
    for _ in 0..2 {
        bob.wa().mark_as_read(&jid, None, &[&id]).await.expect("read");
    }
    let views = alice
        .wait("view", |event| match event {
            Event::Notification(node) => {
                let view = node.get().get_optional_child("view")?;
                view.content_bytes().map(<[u8]>::to_vec)
            }
            _ => None,
        })
        .await;
    assert_eq!(views, b"1");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_survive_a_restart() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let carol = Client::linked(&lan.sandbox, CAROL).await;
    let jid = channel(&alice).await;
    for client in [&bob, &carol] {
        client.wa().newsletter().join(&jid).await.expect("join");
    }
    publish(&alice, &jid, "before").await;
    let before = bob.text("before").await.info.server_id;
    carol.text("before").await;
    let store = carol.leave().await;
    publish(&alice, &jid, "while carol is away").await;

    let lan = lan.restart().await;
    eventually("reconnection", || async { (lan.sandbox.online() == 2).then_some(()) }).await;
    publish(&alice, &jid, "after").await;
    let after = bob.text("after").await.info.server_id;
    assert_eq!(after, before + 2);
    let carol = Client::with_store(&lan.sandbox, store, None).await;
    carol.text("after").await;
    assert_eq!(carol.texts(), ["while carol is away", "after"]);
    let seen = carol.wa().newsletter().get_metadata(&jid).await.expect("metadata");
    assert_eq!((seen.role, seen.subscriber_count), (Some(Subscriber), 3));
    let history = carol.wa().newsletter().get_messages(jid, 10, None).await.expect("history");
    assert_eq!(history.len(), 3);
}
