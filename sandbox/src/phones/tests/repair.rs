//! Ciphertexts that do not open, and how both sides get over it.

use std::sync::atomic::Ordering;

use super::lan::World;
use crate::phones::Status;
use crate::ports::Phones;

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";

#[tokio::test]
async fn a_damaged_message_is_asked_for_again_and_repaired() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.text(ADA, BEN, "fine").await;
    world.lan.damage.store(1, Ordering::SeqCst);
    let sent = world.text(ADA, BEN, "damaged").await;

    let retries: Vec<_> = world
        .lan
        .from(BEN, "receipt")
        .into_iter()
        .filter(|node| node.attrs().optional_string("type").is_some_and(|kind| kind == "retry"))
        .collect();
    assert_eq!(retries.len(), 1);
    let retry = retries[0].get_optional_child("retry").expect("retry");
    assert_eq!(retry.attrs().optional_u64("count"), Some(1));
    assert!(retries[0].get_optional_child("keys").is_some());

    let inbox = world.inbox(BEN).await;
    assert_eq!(inbox.len(), 2);
    assert_eq!(inbox[1].text.as_deref(), Some("damaged"));
    assert_eq!((inbox[1].undecryptable, inbox[1].duplicates), (false, 0));
    assert_eq!(world.phones.message(ADA, &sent.id).await.expect("message").status, Status::Delivered);

    world.text(BEN, ADA, "after the repair").await;
    world.text(ADA, BEN, "and back").await;
    assert!(world.inbox(BEN).await.iter().all(|message| !message.undecryptable));
}

#[tokio::test]
async fn a_phone_gives_up_after_five_failures_and_keeps_the_record() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.lan.damage.store(100, Ordering::SeqCst);
    let sent = world.text(ADA, BEN, "never").await;
    let inbox = world.inbox(BEN).await;
    assert_eq!(inbox.len(), 1);
    assert!(inbox[0].undecryptable);
    assert_eq!(inbox[0].kind, "undecryptable");
    assert_eq!(world.phones.message(ADA, &sent.id).await.expect("message").status, Status::Sent);
    assert_eq!(world.lan.from(BEN, "receipt").len(), 4, "attempts 1 to 4 were asked for again");

    world.lan.damage.store(0, Ordering::SeqCst);
    world.text(ADA, BEN, "works again").await;
    assert_eq!(world.inbox(BEN).await[1].text.as_deref(), Some("works again"));
}

#[tokio::test]
async fn a_late_damaged_copy_of_a_shown_message_is_a_duplicate() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.text(ADA, BEN, "shown").await;
    let mut copy = world.lan.to(BEN, 0).pop().expect("delivered");
    if let Some(wacore_binary::NodeContent::Nodes(children)) = &mut copy.content
        && let Some(wacore_binary::NodeContent::Bytes(bytes)) = &mut children[0].content
    {
        let at = bytes.len() - 9;
        bytes[at] ^= 1;
    }
    world.phones.deliver(BEN, copy).await.expect("delivered");
    let inbox = world.inbox(BEN).await;
    assert_eq!((inbox.len(), inbox[0].duplicates, inbox[0].undecryptable), (1, 1, false));
}
