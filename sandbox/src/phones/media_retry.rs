//! Media that a companion asks for again because its address is gone: the phone uploads its copy
//! once more and tells the companion the new address. Request and answer are encrypted with a key
//! made from the media's own (`WAWebCryptoMediaRetry`).

use std::sync::Arc;

use buffa::Message as _;
use wacore::crypto::hkdf_sha256_into;
use wacore::media_retry::decrypt_media_retry_notification;
use wacore::protocol::retry::get_bytes_content;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wacore_libsignal::crypto::aes_256_gcm_encrypt;
use waproto::whatsapp as wa;
use waproto::whatsapp::media_retry_notification::ResultType;

use super::Simulated;
use super::account::Phone;
use super::app_state::{ClientErrorKind, NewClientError};
use super::store::{Direction, Store, StoredMessage};
use crate::ports::{CompanionAddress, PortError, PortResult};

/// Files that phones have deleted.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS lost_media (
    pn TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (pn, id)
) WITHOUT ROWID;
";

const INFO: &[u8] = b"WhatsApp Media Retry Notification";

/// Why a phone does not upload.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// It does not have the file, or never had.
    NotFound = 2,
    /// The request does not open with the key of the file.
    Decryption = 3,
}

/// A file of a message, as far as it takes to upload it again.
struct File {
    key: Vec<u8>,
    direct_path: String,
}

impl Simulated {
    /// Answers a receipt `server-error`.
    pub(super) async fn reupload(
        &self,
        phone: &Arc<Phone>,
        from: &Jid,
        id: &str,
        receipt: &Node,
    ) -> PortResult<()> {
        if !phone.is_own(&from.user) || from.device == 0 {
            return Err(PortError::Refused(format!("{from} is no companion and asks for media {id}")));
        }
        let answer = match self.renewed(phone, id, receipt).await? {
            Ok(encrypted) => encrypted,
            Err(refusal) => {
                if matches!(refusal, Refusal::Decryption) {
                    self.complain(phone, from.device, id).await?;
                }
                NodeBuilder::new("error").attr("code", refusal as i32).build()
            }
        };
        // says which message it is about; clients cannot do without
        let about = receipt.get_optional_child("rmr").cloned();
        let notification = NodeBuilder::new("notification")
            .attr("type", "mediaretry")
            .attr("id", id)
            .attr("from", phone.jid().to_non_ad())
            .attr("t", self.now())
            .children(std::iter::once(answer).chain(about))
            .build();
        let companion = CompanionAddress { pn: phone.pn().to_owned(), device: from.device };
        self.network()?.tell_companion(&companion, notification).await
    }

    /// Uploads the file of a message again; what to tell who asked.
    async fn renewed(&self, phone: &Phone, id: &str, receipt: &Node) -> PortResult<Result<Node, Refusal>> {
        let Some(file) = self.file_of(phone, id).await? else { return Ok(Err(Refusal::NotFound)) };
        if !is_request(&file.key, id, receipt) {
            return Ok(Err(Refusal::Decryption));
        }
        let direct_path = match self.network()?.renew_media(&file.direct_path).await {
            Ok((_, direct_path)) => direct_path,
            Err(PortError::NotFound(_)) => return Ok(Err(Refusal::NotFound)),
            Err(error) => return Err(error),
        };
        let notification = wa::MediaRetryNotification {
            stanza_id: Some(id.to_owned()),
            direct_path: Some(direct_path),
            result: Some(ResultType::SUCCESS),
            ..Default::default()
        };
        Ok(Ok(sealed(&file.key, id, &notification.encode_to_vec())?))
    }

    /// The file of a message that the phone still has.
    async fn file_of(&self, phone: &Phone, id: &str) -> anyhow::Result<Option<File>> {
        let Some(message) = self.store.message(phone.pn(), id).await? else { return Ok(None) };
        if self.store.has_lost_media(phone.pn(), id).await? {
            return Ok(None);
        }
        file(&message)
    }

    async fn complain(&self, phone: &Phone, device: u16, id: &str) -> anyhow::Result<()> {
        let error = NewClientError {
            pn: phone.pn(),
            device,
            kind: ClientErrorKind::MediaRetry,
            detail: format!("its request for the media of {id} does not open with the key of that media"),
            time: self.now(),
        };
        error.keep(&self.store).await
    }

    /// Lets the file of a message expire: clients get 410 for it until a phone uploads it again.
    ///
    /// # Errors
    /// `NotFound` when the phone has no such message, or none with a file.
    pub async fn expire_media(&self, pn: &str, id: &str) -> PortResult<()> {
        let media = self.message(pn, id).await?.media;
        let media = media.ok_or_else(|| PortError::NotFound(format!("message {id} has no file")))?;
        self.network()?.expire_media(&media.direct_path).await
    }

    /// Deletes the phone's copy of a file: it neither opens it nor uploads it again.
    ///
    /// # Errors
    /// `NotFound` when the phone has no such message, or none with a file.
    pub async fn lose_media(&self, pn: &str, id: &str) -> PortResult<()> {
        let message = self.message(pn, id).await?;
        if message.media.is_none() {
            return Err(PortError::NotFound(format!("message {id} has no file")));
        }
        Ok(self.store.lose_media(pn, id).await?)
    }
}

/// The file that a message carries; `None` when it carries none.
fn file(message: &StoredMessage) -> anyhow::Result<Option<File>> {
    if message.direction == Direction::Peer {
        let message = waproto::codec::message_decode(&message.raw)?;
        let notification = message
            .protocol_message
            .as_option()
            .and_then(|protocol| protocol.history_sync_notification.as_option());
        let Some(history) = notification else { return Ok(None) };
        let found = history.media_key.clone().zip(history.direct_path.clone());
        return Ok(found.map(|(key, direct_path)| File { key, direct_path }));
    }
    let Some(media) = message.media.as_ref().filter(|media| !media.key.is_empty()) else { return Ok(None) };
    Ok(Some(File { key: hex::decode(&media.key)?, direct_path: media.direct_path.clone() }))
}

/// Whether a receipt was made by who has the key of the file.
fn is_request(key: &[u8], id: &str, receipt: &Node) -> bool {
    let part = |tag| {
        let encrypt = receipt.get_optional_child("encrypt")?;
        encrypt.get_optional_child(tag).and_then(get_bytes_content)
    };
    let opened = part("enc_p")
        .zip(part("enc_iv"))
        .and_then(|(sealed, iv)| decrypt_media_retry_notification(key, id, iv, sealed).ok());
    let named = opened.and_then(|plain| wa::ServerErrorReceipt::decode_from_slice(&plain).ok());
    named.is_some_and(|named| named.stanza_id.as_deref() == Some(id))
}

fn sealed(key: &[u8], id: &str, plain: &[u8]) -> anyhow::Result<Node> {
    let mut derived = [0; 32];
    hkdf_sha256_into(key, None, INFO, &mut derived)?;
    let iv: [u8; 12] = rand::random();
    let mut ciphertext = Vec::new();
    aes_256_gcm_encrypt(&derived, &iv, id.as_bytes(), plain, &mut ciphertext)?;
    let parts = [
        NodeBuilder::new("enc_p").bytes(ciphertext).build(),
        NodeBuilder::new("enc_iv").bytes(iv.to_vec()).build(),
    ];
    Ok(NodeBuilder::new("encrypt").children(parts).build())
}

impl Store {
    /// Whether the phone has deleted the file of a message.
    pub(super) async fn has_lost_media(&self, pn: &str, id: &str) -> anyhow::Result<bool> {
        let found = sqlx::query("SELECT 1 FROM lost_media WHERE pn = ? AND id = ?")
            .bind(pn)
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        Ok(found.is_some())
    }

    async fn lose_media(&self, pn: &str, id: &str) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT OR IGNORE INTO lost_media (pn, id) VALUES (?, ?)")
            .bind(pn)
            .bind(id)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}
