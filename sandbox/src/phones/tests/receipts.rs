//! Who has seen what.

use bytes::Bytes;

use super::lan::World;
use crate::phones::{MediaKind, MediaUpload, Outgoing, Status, ViewOnce};
use crate::ports::{Phones, PortError};

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const CAI: &str = "491700000003";
const GROUP: &str = "120363000000000001@g.us";

fn file(kind: MediaKind, view_once: Option<ViewOnce>) -> Outgoing {
    let media = MediaUpload {
        kind,
        mimetype: "application/x-test".to_owned(),
        file_name: None,
        body: Bytes::from_static(b"la la la"),
    };
    Outgoing { to: BEN.to_owned(), media: Some(media), view_once, ..Outgoing::default() }
}

#[tokio::test]
async fn each_member_of_a_group_is_told_apart() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    for pn in [ADA, BEN, CAI] {
        world.phones.ensure(pn, None).await.expect("phone");
    }
    world.lan.group(GROUP, true, &[ADA, BEN, CAI]);
    let sent = world.text(ADA, GROUP, "hello all").await;
    assert_eq!(world.phones.read_chat(CAI, GROUP).await.expect("read"), std::slice::from_ref(&sent.id));
    let seen = world.phones.seen_by(ADA, &sent.id).await.expect("seen");
    let seen: Vec<_> =
        seen.iter().map(|seen| (seen.number.as_str(), seen.device, seen.status, seen.times)).collect();
    let expected =
        [(BEN, 0, Status::Delivered, 1), (CAI, 0, Status::Delivered, 1), (CAI, 0, Status::Read, 1)];
    assert_eq!(seen, expected);
    for copy in world.lan.to(BEN, 0) {
        world.phones.deliver(BEN, copy).await.expect("delivered again");
    }
    let seen = world.phones.seen_by(ADA, &sent.id).await.expect("seen");
    assert_eq!((seen[0].number.as_str(), seen[0].times), (BEN, 2), "a receipt that came twice is counted");
}

#[tokio::test]
async fn a_voice_note_is_played_once() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    for outgoing in [file(MediaKind::Voice, None), file(MediaKind::Image, Some(ViewOnce::V2))] {
        let sent = world.phones.send(ADA, outgoing).await.expect("sent");
        for _ in 0..2 {
            world.phones.play(BEN, &sent.id).await.expect("played");
        }
        let seen = world.phones.seen_by(ADA, &sent.id).await.expect("seen");
        let seen: Vec<_> = seen.iter().map(|seen| (seen.status, seen.times)).collect();
        assert_eq!(seen, [(Status::Delivered, 1), (Status::Read, 1), (Status::Played, 1)]);
        assert_eq!(world.shown(ADA, &sent.id).await.status, Status::Played);
    }
    let text = world.text(ADA, BEN, "no sound").await;
    assert!(matches!(world.phones.play(BEN, &text.id).await, Err(PortError::Refused(_))));
}
