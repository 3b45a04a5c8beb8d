//! Files: encrypt and upload, download and decrypt.

use buffa::MessageField;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use wacore::download::DownloadUtils;
use wacore::upload::{EncryptedMedia, encrypt_media};
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::content::{Media, MediaKind};
use crate::ports::{PortError, PortResult};

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
    sealed: EncryptedMedia,
    url: String,
    direct_path: String,
    length: u64,
    /// Unix seconds.
    at: i64,
}

impl Simulated {
    /// Encrypts and uploads a file; the answer is the message that carries it.
    pub(super) async fn upload(&self, media: &MediaUpload, caption: Option<&str>) -> PortResult<wa::Message> {
        let media_type = media.kind.media_type();
        let plain = media.body.clone();
        let mut sealed = tokio::task::spawn_blocking(move || encrypt_media(&plain, media_type))
            .await
            .map_err(anyhow::Error::from)??;
        let body = Bytes::from(std::mem::take(&mut sealed.data_to_upload));
        let (url, direct_path) = self.network()?.upload_media(media_type.mms_type(), body).await?;
        let length = media.body.len() as u64;
        Ok(message_of(media, caption, Uploaded { sealed, url, direct_path, length, at: self.now() }))
    }

    /// Downloads and decrypts the file of a message.
    ///
    /// # Errors
    /// `NotFound` when the message or its file does not exist, `Refused` when the file does not
    /// match what the message says.
    pub async fn media(&self, pn: &str, id: &str) -> PortResult<(Media, Bytes)> {
        let media = self
            .message(pn, id)
            .await?
            .media
            .ok_or_else(|| PortError::NotFound(format!("message {id} has no file")))?;
        let sealed = self.network()?.download_media(&media.direct_path).await?;
        let key = hex::decode(&media.key).map_err(anyhow::Error::from)?;
        let media_type = media.kind.media_type();
        let plain =
            tokio::task::spawn_blocking(move || DownloadUtils::verify_and_decrypt(&sealed, &key, media_type))
                .await
                .map_err(anyhow::Error::from)?
                .map_err(|error| {
                    PortError::Refused(format!("the file of message {id} does not decrypt: {error}"))
                })?;
        if hex::encode(Sha256::digest(&plain)) != media.sha256 {
            return Err(PortError::Refused(format!("the file of message {id} is not the one it names")));
        }
        Ok((media, plain.into()))
    }
}

fn message_of(media: &MediaUpload, caption: Option<&str>, file: Uploaded) -> wa::Message {
    let caption = caption.map(ToOwned::to_owned);
    macro_rules! part {
        ($part:ident { $($field:ident: $value:expr),* $(,)? }) => {
            MessageField::some(wa::message::$part {
                url: Some(file.url),
                direct_path: Some(file.direct_path),
                mimetype: Some(media.mimetype.clone()),
                media_key: Some(file.sealed.media_key.to_vec()),
                file_sha256: Some(file.sealed.file_sha256.to_vec()),
                file_enc_sha256: Some(file.sealed.file_enc_sha256.to_vec()),
                file_length: Some(file.length),
                media_key_timestamp: Some(file.at),
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
                streaming_sidecar: file.sealed.streaming_sidecar,
            });
        }
        MediaKind::VideoNote => {
            message.ptv_message = part!(VideoMessage { streaming_sidecar: file.sealed.streaming_sidecar });
        }
        MediaKind::Audio | MediaKind::Voice => {
            message.audio_message = part!(AudioMessage {
                ptt: Some(media.kind == MediaKind::Voice),
                streaming_sidecar: file.sealed.streaming_sidecar,
            });
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
