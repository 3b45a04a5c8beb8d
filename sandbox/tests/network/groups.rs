//! Groups: made, joined, left, written to.

use wacore::iq::groups::{GroupCreateOptions, GroupParticipantOptions};
use wacore::stanza::groups::GroupNotificationAction as Action;
use wacore::types::events::{Event, GroupUpdate};
use wacore::types::message::AddressingMode;
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, Server};

use crate::client::Client;
use crate::{Lan, eventually};

const ALICE: &str = "4915600000001";
const BOB: &str = "4915600000002";
const CAROL: &str = "4915600000003";

/// A group of its maker and others, by phone number.
pub(crate) async fn group_of(maker: &Client, subject: &str, members: &[&str]) -> Jid {
    let participants = members.iter().map(|pn| GroupParticipantOptions::new(Jid::pn(*pn))).collect();
    let options = GroupCreateOptions::new(subject).with_participants(participants);
    maker.wa().groups().create_group(options).await.expect("create").metadata.id
}

/// Sends a text to a group and returns its id, or the code of the server's refusal.
pub(crate) async fn say_in(client: &Client, group: &Jid, text: &str) -> Result<String, String> {
    let id = client.wa().send_text(group.clone(), text).await.expect("send").message_id;
    let error = client
        .wait("server ack", |event| match event {
            Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
            _ => None,
        })
        .await;
    error.map_or(Ok(id), Err)
}

/// Waits for a notification about a group.
pub(crate) async fn update(
    client: &Client,
    group: &Jid,
    what: &str,
    pick: impl Fn(&Action) -> bool,
) -> GroupUpdate {
    client
        .wait(what, |event| match event {
            Event::GroupUpdate(update) if update.group_jid == *group && pick(&update.action) => {
                Some(update.clone())
            }
            _ => None,
        })
        .await
}

/// A group in phone number addressing, made by a phone: clients leave the addressing to the server.
async fn pn_group(lan: &Lan, maker: &str, members: &[&str]) -> Jid {
    let participants =
        members.iter().map(|pn| NodeBuilder::new("participant").attr("jid", Jid::pn(*pn)).build());
    let create = NodeBuilder::new("create").attr("subject", "By number").attr("addressing_mode", "pn");
    let iq = NodeBuilder::new("iq")
        .attr("id", "1")
        .attr("type", "set")
        .attr("xmlns", "w:g2")
        .attr("to", Jid::new("", Server::Group))
        .children([create.children(participants).build()])
        .build();
    let answer = lan.sandbox.network().query(maker, iq).await.expect("answer");
    let group: Option<&Node> = answer.get_optional_child("group");
    let id = group.expect("group").attrs.get("id").expect("id").as_str().into_owned();
    Jid::group(id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_three_accounts_and_five_devices_talks() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let tablet = Client::linked(&lan.sandbox, BOB).await;
    let carol = Client::linked(&lan.sandbox, CAROL).await;
    let group = group_of(&alice, "Friends", &[BOB, CAROL]).await;
    let made = update(&bob, &group, "creation", |action| matches!(action, Action::Create { .. })).await;
    assert!(made.is_lid_addressing_mode);
    assert_eq!(made.participant_pn, Some(Jid::pn(ALICE)));
    update(&alice, &group, "creation at its maker", |a| matches!(a, Action::Create { .. })).await;

    let metadata = bob.wa().groups().get_metadata(&group).await.expect("metadata");
    assert_eq!(metadata.subject, "Friends");
    assert_eq!(metadata.addressing_mode, AddressingMode::Lid);
    assert_eq!(metadata.creator_pn, Some(Jid::pn(ALICE)));
    assert_eq!(metadata.size, Some(3));
    let mut numbers: Vec<Jid> = metadata.participants.iter().filter_map(|p| p.phone_number.clone()).collect();
    numbers.sort_by(|a, b| a.user.cmp(&b.user));
    assert_eq!(numbers, [Jid::pn(ALICE), Jid::pn(BOB), Jid::pn(CAROL)]);
    let leaders = metadata.participants.iter().filter(|participant| participant.is_super_admin());
    assert_eq!(
        leaders.filter_map(|leader| leader.phone_number.clone()).collect::<Vec<_>>(),
        [Jid::pn(ALICE)]
    );

    let first = say_in(&alice, &group, "hello all").await.expect("accepted");
    for device in [&bob, &tablet, &carol] {
        let message = device.text("hello all").await;
        assert_eq!(message.info.source.chat, group);
        assert_eq!(message.info.source.sender_alt, Some(Jid::pn(ALICE)));
        assert!(message.info.source.sender.is_lid());
        assert_eq!(message.info.source.sender.device, 1);
    }
    alice.receipt(&first, "Delivered").await;
    say_in(&alice, &group, "hello again").await.expect("accepted");
    let second = say_in(&bob, &group, "hello from bob").await.expect("accepted");
    for device in [&alice, &tablet, &carol] {
        device.text("hello from bob").await;
    }
    assert!(tablet.text("hello from bob").await.info.source.is_from_me);
    let message = carol.text("hello again").await;
    let (author, id) = (message.info.source.sender.clone(), message.info.id.clone());
    carol.wa().mark_as_read(&group, Some(&author), &[&id]).await.expect("read");
    let read = alice.receipt(&id, "Read").await;
    assert_eq!(read.source.chat, group);

    let phones = lan.sandbox.phones();
    for (pn, id) in [(CAROL, &first), (BOB, &first), (ALICE, &second), (BOB, &second)] {
        let shown = eventually("message on a phone", || async { phones.message(pn, id).await.ok() }).await;
        assert_eq!(shown.chat, group.to_string());
        assert!(!shown.undecryptable);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_in_phone_number_addressing_talks_too() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = pn_group(&lan, ALICE, &[BOB]).await;
    let metadata = bob.wa().groups().get_metadata(&group).await.expect("metadata");
    assert_eq!(metadata.addressing_mode, AddressingMode::Pn);
    say_in(&alice, &group, "by number").await.expect("accepted");
    let message = bob.text("by number").await;
    assert_eq!(message.info.source.sender, Jid::pn_device(ALICE, 1));
    assert!(message.info.source.sender_alt.as_ref().is_some_and(Jid::is_lid));
    say_in(&bob, &group, "and back").await.expect("accepted");
    alice.text("and back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_added_reads_on_and_who_is_removed_does_not() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let carol = Client::linked(&lan.sandbox, CAROL).await;
    let group = group_of(&alice, "Doors", &[BOB]).await;
    say_in(&alice, &group, "only bob").await.expect("accepted");
    bob.text("only bob").await;

    let added = alice.wa().groups().add_participants(group.clone(), &[Jid::pn(CAROL)]).await.expect("add");
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].status.as_deref(), Some("200"));
    assert_eq!(added[0].phone_number, Some(Jid::pn(CAROL)));
    for client in [&bob, &carol] {
        let update = update(client, &group, "add", |action| matches!(action, Action::Add { .. })).await;
        let Action::Add { participants, .. } = update.action else { unreachable!() };
        assert_eq!(participants[0].phone_number, Some(Jid::pn(CAROL)));
    }
    say_in(&bob, &group, "hello carol").await.expect("accepted");
    carol.text("hello carol").await;
    say_in(&carol, &group, "hello all").await.expect("accepted");
    alice.text("hello all").await;

    let again = alice.wa().groups().add_participants(group.clone(), &[Jid::pn(CAROL)]).await.expect("add");
    assert_eq!(again[0].error.as_deref(), Some("409"));
    let groups = alice.wa();
    let removed =
        groups.groups().remove_participants(group.clone(), &[Jid::pn(CAROL)]).await.expect("remove");
    assert!(removed[0].is_ok());
    for client in [&bob, &carol] {
        update(client, &group, "removal", |action| matches!(action, Action::Remove { .. })).await;
    }
    say_in(&alice, &group, "without carol").await.expect("accepted");
    bob.text("without carol").await;
    let refused = say_in(&carol, &group, "still here?").await;
    assert_eq!(refused, Err("403".to_owned()));
    assert!(carol.wa().groups().get_metadata(&group).await.is_err());
    assert!(!carol.texts().contains(&"without carol".to_owned()));
    assert!(!bob.texts().contains(&"still here?".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_survive_a_restart() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Lasting", &[BOB]).await;
    say_in(&alice, &group, "before").await.expect("accepted");
    bob.text("before").await;
    let lan = lan.restart().await;
    eventually("reconnection", || async { (lan.sandbox.online() == 2).then_some(()) }).await;
    let all = bob.wa().groups().get_participating().await.expect("groups");
    assert_eq!(all.get(&group).map(|metadata| metadata.subject.as_str()), Some("Lasting"));
    say_in(&bob, &group, "after").await.expect("accepted");
    alice.text("after").await;
}
