//! One piece of history on its way: packed, inside the message or as a media object.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use wacore::download::MediaType;
use wacore::upload::encrypt_media;
use waproto::whatsapp as wa;
use waproto::whatsapp::history_sync::HistorySyncType as Kind;
use waproto::whatsapp::message::HistorySyncType as NotifiedKind;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::outbound::{Peer, protocol_message};
use crate::ports::PortResult;

/// Bytes of a payload that still goes inside the message.
const MOST_INLINE: usize = 128 * 1024;

/// To whom a piece of history goes, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier<'a> {
    /// Companion's device id.
    pub(super) device: u16,
    /// Inside the message when it is small enough.
    pub(super) inline: bool,
    /// Id of the request that it answers.
    pub(super) request: Option<&'a str>,
}

impl Simulated {
    /// Sends one piece of history.
    pub(super) async fn send_chunk(
        &self,
        phone: &Phone,
        carrier: Carrier<'_>,
        history: wa::HistorySync,
    ) -> PortResult<()> {
        let mut notification = wa::message::HistorySyncNotification {
            sync_type: Some(notified(history.sync_type)),
            chunk_order: history.chunk_order,
            progress: history.progress,
            oldest_msg_in_chunk_timestamp_sec: oldest(&history),
            peer_data_request_session_id: carrier.request.map(ToOwned::to_owned),
            ..Default::default()
        };
        let payload =
            tokio::task::spawn_blocking(move || pack(&history)).await.map_err(anyhow::Error::from)??;
        notification.file_length = Some(payload.len() as u64);
        if carrier.inline && payload.len() <= MOST_INLINE {
            notification.initial_hist_bootstrap_inline_payload = Some(payload);
        } else {
            let mut sealed = encrypt_media(&payload, MediaType::History)?;
            let body = Bytes::from(std::mem::take(&mut sealed.data_to_upload));
            let (_, direct_path) = self.network()?.upload_media(MediaType::History.mms_type(), body).await?;
            notification.file_sha256 = Some(sealed.file_sha256.to_vec());
            notification.file_enc_sha256 = Some(sealed.file_enc_sha256.to_vec());
            notification.media_key = Some(sealed.media_key.to_vec());
            notification.direct_path = Some(direct_path);
        }
        let message = protocol_message(wa::message::ProtocolMessage {
            r#type: Some(ProtocolType::HISTORY_SYNC_NOTIFICATION),
            history_sync_notification: notification.into(),
            ..Default::default()
        });
        self.send_peer(phone, Peer { device: carrier.device, bundle: None, message }).await
    }
}

/// zlib of the protobuf.
fn pack(history: &wa::HistorySync) -> anyhow::Result<Vec<u8>> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&waproto::codec::history_sync_to_vec(history))?;
    Ok(zlib.finish()?)
}

/// Unix seconds of the oldest message.
fn oldest(history: &wa::HistorySync) -> Option<i64> {
    let messages = history.conversations.iter().flat_map(|conversation| &conversation.messages);
    messages.filter_map(|message| message.message.message_timestamp).min().map(u64::cast_signed)
}

/// The same kind in the message that announces it.
fn notified(kind: Kind) -> NotifiedKind {
    match kind {
        Kind::INITIAL_BOOTSTRAP => NotifiedKind::INITIAL_BOOTSTRAP,
        Kind::INITIAL_STATUS_V3 => NotifiedKind::INITIAL_STATUS_V3,
        Kind::FULL => NotifiedKind::FULL,
        Kind::RECENT => NotifiedKind::RECENT,
        Kind::PUSH_NAME => NotifiedKind::PUSH_NAME,
        Kind::NON_BLOCKING_DATA => NotifiedKind::NON_BLOCKING_DATA,
        Kind::ON_DEMAND => NotifiedKind::ON_DEMAND,
    }
}
