//! Files both ways.

use bytes::Bytes;
use futures::StreamExt;
use wagate_domain::{
    MediaId,
    events::EventData,
    media::{Media, MediaState},
    messages::{Body, Content, MediaKind, Status},
    ports::{MediaIndex, Objects},
    sessions::SessionKey,
};
use wagate_sandbox::phones::{MediaKind as PhoneKind, MediaUpload, Outgoing};

use crate::rig::Rig;

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

/// A file whose bytes are not all the same.
fn file(length: usize) -> Bytes {
    (0..length).map(|n| u8::try_from(n.wrapping_mul(31) % 251).unwrap_or(0)).collect::<Vec<u8>>().into()
}

async fn staged(rig: &Rig, mime: &str, body: &Bytes) -> Media {
    let media = Media {
        id: rig.env.new_id::<MediaId>(),
        workspace: rig.caller().workspace,
        session: None,
        message: None,
        staged_with: None,
        state: MediaState::Ready,
        mime: mime.to_owned(),
        size: body.len() as u64,
        sha256: None,
        file_name: Some("a.bin".to_owned()),
        locator: None,
        created_at: rig.env.now(),
    };
    let whole = body.clone();
    let stream = futures::stream::iter([Ok(whole)]).boxed();
    rig.objects.put(&media.object_key(), mime, stream, u64::MAX).await.expect("stored");
    MediaIndex::insert(&rig.db, &media).await.expect("indexed");
    media
}

async fn settled(rig: &Rig, session: SessionKey, id: MediaId) -> Media {
    rig.event("settled media", session, |data| match data {
        EventData::MediaSettled { media } if media.id == id => Some((**media).clone()),
        _ => None,
    })
    .await
}

/// Sends a picture with the caption "look" from the phone.
async fn phone_shows(rig: &Rig, body: &Bytes) {
    let upload = MediaUpload {
        kind: PhoneKind::Image,
        mimetype: "image/jpeg".to_owned(),
        file_name: None,
        body: body.clone(),
    };
    let outgoing = Outgoing {
        to: US.to_owned(),
        text: Some("look".to_owned()),
        media: Some(upload),
        ..Outgoing::default()
    };
    rig.sandbox.phones().send(THEM, outgoing).await.expect("sent");
}

async fn object(rig: &Rig, media: &Media) -> Vec<u8> {
    let stream = rig.objects.get(&media.object_key()).await.expect("object").expect("there");
    let parts: Vec<Bytes> = stream.map(|part| part.expect("part")).collect().await;
    parts.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staged_file_reaches_the_phone_whole() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    for (kind, mime, length) in [
        (MediaKind::Image, "image/png", 3_000),
        // above the size from which uploads can be resumed
        (MediaKind::Document, "application/pdf", 6 * 1024 * 1024),
    ] {
        let body = file(length);
        let media = staged(&rig, mime, &body).await;
        let content = Body::Media { kind, media: media.id, caption: Some("see".to_owned()), file_name: None };
        let sent = rig.send(session, THEM, content).await;
        rig.status(session, sent.id, Status::Sent).await;
        let message = rig.shown(THEM, &sent.stanza_id).await;
        let (shown, plain) = rig.sandbox.phones().media(THEM, &sent.stanza_id).await.expect("on the phone");
        assert_eq!(shown.mimetype, mime);
        assert_eq!(plain, body, "{kind:?}");
        assert_eq!(message.text.as_deref(), Some("see"));
    }
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_fails_its_message() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let media = staged(&rig, "image/png", &file(10)).await;
    rig.objects.delete(&media.object_key()).await.expect("deleted");
    let content = Body::Media { kind: MediaKind::Image, media: media.id, caption: None, file_name: None };
    let sent = rig.send(session, THEM, content).await;
    let code = rig
        .event("failure", session, |data| match data {
            EventData::MessageStatus { message, failure: Some(failure), .. } if *message == sent.id => {
                Some(failure.code.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(code, "media_unavailable");
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_in_is_kept() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let body = file(200_000);
    phone_shows(&rig, &body).await;
    let message = rig.received(session, "look").await;
    let Content::Media { kind, media, .. } = message.content else { panic!("no media: {message:?}") };
    assert_eq!(kind, MediaKind::Image);
    let kept = settled(&rig, session, media).await;
    assert_eq!((kept.state, kept.size), (MediaState::Ready, 200_000));
    assert_eq!(object(&rig, &kept).await, body);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_could_not_be_kept_is_fetched_after_a_restart() {
    let mut rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let address = rig.lose_objects().await;
    let body = file(50_000);
    phone_shows(&rig, &body).await;
    let message = rig.received(session, "look").await;
    let Content::Media { media, .. } = message.content else { panic!("no media: {message:?}") };
    connector.shutdown().await;
    let workspace = session.workspace;
    let pending = MediaIndex::get(&rig.db, workspace, media).await.expect("record").expect("known");
    assert_eq!(pending.state, MediaState::Pending);

    rig.regain_objects(address).await;
    let connector = rig.connector();
    let kept = settled(&rig, session, media).await;
    assert_eq!(kept.state, MediaState::Ready);
    assert_eq!(object(&rig, &kept).await, body);
    connector.shutdown().await;
    rig.stop().await;
}
