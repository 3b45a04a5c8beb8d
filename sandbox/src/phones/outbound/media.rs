//! Files: encrypt and upload.

use buffa::MessageField;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use wacore::upload::{EncryptedMedia, encrypt_media};
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::content::MediaKind;
use crate::ports::PortResult;

/// A file that a user of a phone attaches.
#[derive(Debug, Clone)]
pub struct MediaUpload {
    /// Kind of message it becomes.
    pub kind: MediaKind,
    /// MIME type.
    pub mimetype: String,
    /// Shown name, for documents.
    pub file_name: Option<String>,
    /// The plain file.
    pub body: Bytes,
}

/// What an uploaded file is referred to by.
struct Uploaded {
    url: String,
    direct_path: String,
    /// SHA-256 of the plain file.
    sha256: Vec<u8>,
    length: u64,
    /// What it takes to open it; nothing in a channel.
    seal: Option<Seal>,
}

/// What it takes to open an encrypted file.
struct Seal {
    key: Vec<u8>,
    /// SHA-256 of the encrypted file.
    sha256: Vec<u8>,
    sidecar: Option<Vec<u8>>,
    /// Unix seconds.
    at: i64,
}

impl Simulated {
    /// Encrypts and uploads a file; the answer is the message that carries it.
    pub(super) async fn upload(&self, media: &MediaUpload, caption: Option<&str>) -> PortResult<wa::Message> {
        let media_type = media.kind.media_type();
        let plain = media.body.clone();
        let sealed: EncryptedMedia = tokio::task::spawn_blocking(move || encrypt_media(&plain, media_type))
            .await
            .map_err(anyhow::Error::from)??;
        let body = Bytes::from(sealed.data_to_upload);
        let (url, direct_path) = self.network()?.upload_media(media_type.mms_type(), body).await?;
        let seal = Seal {
            key: sealed.media_key.to_vec(),
            sha256: sealed.file_enc_sha256.to_vec(),
            sidecar: sealed.streaming_sidecar,
            at: self.now(),
        };
        let (sha256, length) = (sealed.file_sha256.to_vec(), media.body.len() as u64);
        Ok(message_of(media, caption, Uploaded { url, direct_path, sha256, length, seal: Some(seal) }))
    }

    /// Uploads a file as it is, for a channel.
    pub(super) async fn upload_plain(
        &self,
        media: &MediaUpload,
        caption: Option<&str>,
    ) -> PortResult<wa::Message> {
        let kind = format!("newsletter-{}", media.kind.media_type().mms_type());
        let (url, direct_path) = self.network()?.upload_media(&kind, media.body.clone()).await?;
        let sha256 = Sha256::digest(&media.body).to_vec();
        let length = media.body.len() as u64;
        Ok(message_of(media, caption, Uploaded { url, direct_path, sha256, length, seal: None }))
    }
}

fn message_of(media: &MediaUpload, caption: Option<&str>, file: Uploaded) -> wa::Message {
    let caption = caption.map(ToOwned::to_owned);
    let (key, sealed_sha256, sidecar, at) = match file.seal {
        Some(Seal { key, sha256, sidecar, at }) => (Some(key), Some(sha256), sidecar, Some(at)),
        None => (None, None, None, None),
    };
    macro_rules! part {
        ($part:ident { $($field:ident: $value:expr),* $(,)? }) => {
            MessageField::some(wa::message::$part {
                url: Some(file.url),
                direct_path: Some(file.direct_path),
                mimetype: Some(media.mimetype.clone()),
                media_key: key,
                file_sha256: Some(file.sha256),
                file_enc_sha256: sealed_sha256,
                file_length: Some(file.length),
                media_key_timestamp: at,
                $($field: $value,)*
                ..Default::default()
            })
        };
    }
    let mut message = wa::Message::default();
    match media.kind {
        MediaKind::Image => message.image_message = part!(ImageMessage { caption: caption }),
        MediaKind::Video | MediaKind::Gif => {
            message.video_message = part!(VideoMessage {
                caption: caption,
                gif_playback: (media.kind == MediaKind::Gif).then_some(true),
                streaming_sidecar: sidecar,
            });
        }
        MediaKind::VideoNote => {
            message.ptv_message = part!(VideoMessage { streaming_sidecar: sidecar });
        }
        MediaKind::Audio | MediaKind::Voice => {
            message.audio_message =
                part!(AudioMessage { ptt: Some(media.kind == MediaKind::Voice), streaming_sidecar: sidecar });
        }
        MediaKind::Document => {
            message.document_message = part!(DocumentMessage {
                caption: caption,
                title: media.file_name.clone(),
                file_name: media.file_name.clone(),
            });
        }
        MediaKind::Sticker => message.sticker_message = part!(StickerMessage {}),
    }
    message
}
