//! The initial history that a phone sends to a new companion: its user's name, no chats.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use wacore::download::MediaType;
use wacore::upload::encrypt_media;
use wacore_binary::Jid;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::outbound::{Peer, protocol_message};
use crate::ports::PortResult;

impl Simulated {
    /// Sends `INITIAL_BOOTSTRAP`: inline when the companion can take it, as a media object otherwise.
    pub(super) async fn send_history(&self, phone: &Phone, device: u16, inline: bool) -> PortResult<()> {
        let payload = payload(phone)?;
        let mut notification = wa::message::HistorySyncNotification {
            sync_type: Some(wa::message::HistorySyncType::INITIAL_BOOTSTRAP),
            chunk_order: Some(1),
            progress: Some(100),
            ..Default::default()
        };
        if inline {
            notification.file_length = Some(payload.len() as u64);
            notification.initial_hist_bootstrap_inline_payload = Some(payload);
        } else {
            let mut sealed = encrypt_media(&payload, MediaType::History)?;
            let body = Bytes::from(std::mem::take(&mut sealed.data_to_upload));
            let (_, direct_path) = self.network()?.upload_media(MediaType::History.mms_type(), body).await?;
            notification.file_length = Some(payload.len() as u64);
            notification.file_sha256 = Some(sealed.file_sha256.to_vec());
            notification.file_enc_sha256 = Some(sealed.file_enc_sha256.to_vec());
            notification.media_key = Some(sealed.media_key.to_vec());
            notification.direct_path = Some(direct_path);
        }
        let message = protocol_message(wa::message::ProtocolMessage {
            r#type: Some(ProtocolType::HISTORY_SYNC_NOTIFICATION),
            history_sync_notification: buffa::MessageField::some(notification),
            ..Default::default()
        });
        self.send_peer(phone, Peer { device, bundle: None, message }).await
    }
}

/// zlib of the `HistorySync` protobuf.
fn payload(phone: &Phone) -> anyhow::Result<Vec<u8>> {
    let (pn, lid) = (phone.jid().to_string(), Jid::lid(phone.info.lid.as_str()).to_string());
    let history = wa::HistorySync {
        sync_type: wa::history_sync::HistorySyncType::INITIAL_BOOTSTRAP,
        chunk_order: Some(1),
        progress: Some(100),
        pushnames: vec![wa::Pushname { id: Some(pn.clone()), pushname: Some(phone.push_name()) }],
        phone_number_to_lid_mappings: vec![wa::PhoneNumberToLIDMapping {
            pn_jid: Some(pn),
            lid_jid: Some(lid),
        }],
        nct_salt: Some(phone.account().nct_salt().to_vec()),
        ..Default::default()
    };
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&waproto::codec::history_sync_to_vec(&history))?;
    Ok(zlib.finish()?)
}
