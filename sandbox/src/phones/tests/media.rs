//! Files survive the journey, and the client library opens what phones upload.

use bytes::Bytes;
use futures::TryStreamExt;
use wacore::download::DownloadUtils;

use super::lan::World;
use crate::phones::{MediaKind, MediaUpload, Outgoing};
use crate::ports::{Phones, PortError};

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const KINDS: [MediaKind; 6] = [
    MediaKind::Image,
    MediaKind::Video,
    MediaKind::Audio,
    MediaKind::Voice,
    MediaKind::Document,
    MediaKind::Sticker,
];

fn upload(kind: MediaKind, body: &Bytes) -> Outgoing {
    Outgoing {
        to: BEN.to_owned(),
        text: matches!(kind, MediaKind::Image | MediaKind::Video | MediaKind::Document)
            .then(|| "look".to_owned()),
        media: Some(MediaUpload {
            kind,
            mimetype: "application/x-test".to_owned(),
            file_name: (kind == MediaKind::Document).then(|| "plan.pdf".to_owned()),
            body: body.clone(),
        }),
        ..Outgoing::default()
    }
}

#[tokio::test]
async fn every_kind_of_file_arrives_as_it_was() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    let body = Bytes::from((0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect::<Vec<_>>());
    for kind in KINDS {
        let sent = world.phones.send(ADA, upload(kind, &body)).await.expect("sent");
        let got = world.phones.message(BEN, &sent.id).await.expect("arrived");
        let media = got.media.clone().expect("media");
        assert_eq!((media.kind, media.size), (kind, 100_000));
        assert_eq!(got.kind, kind.name());
        assert_eq!(media.mimetype, "application/x-test");
        assert_eq!(got.text, sent.text);
        assert_eq!(media.file_name.is_some(), kind == MediaKind::Document);

        let (_, opened) = world.phones.media(BEN, &sent.id).await.expect("opened");
        assert_eq!(opened, body);
        let key = hex::decode(&media.key).expect("key");
        let object = world.lan.object(&media.direct_path);
        let by_library =
            DownloadUtils::verify_and_decrypt(&object, &key, kind.media_type()).expect("decrypts");
        assert_eq!(by_library, body);
    }
}

#[tokio::test]
async fn a_file_is_handed_out_in_pieces_once_it_was_checked() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    let body = Bytes::from((0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect::<Vec<_>>());
    let sent = world.phones.send(ADA, upload(MediaKind::Document, &body)).await.expect("sent");
    let mut file = world.phones.open_media(BEN, &sent.id).await.expect("opened");
    assert_eq!(file.length, 3_000_000);
    let mut pieces = Vec::new();
    while let Some(piece) = file.body.try_next().await.expect("a piece") {
        assert!(piece.len() <= 64 * 1024);
        pieces.push(piece);
    }
    assert!(pieces.len() > 40);
    assert_eq!(pieces.concat(), body);
    // who stops reading stops the decryption
    drop(world.phones.open_media(BEN, &sent.id).await.expect("opened"));

    let path = world.shown(BEN, &sent.id).await.media.expect("media").direct_path;
    world.lan.spoil(&path);
    assert!(matches!(world.phones.media(BEN, &sent.id).await, Err(PortError::Refused(_))));
}

#[tokio::test]
async fn a_text_has_no_file() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let sent = world.text(ADA, BEN, "no file").await;
    assert!(matches!(world.phones.media(BEN, &sent.id).await, Err(PortError::NotFound(_))));
}
