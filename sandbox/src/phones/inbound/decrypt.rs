//! Opening the `<enc>` children of a message.

use wacore::messages::MessageUtils;
use wacore::protocol::retry::RetryReason;
use wacore_libsignal::protocol::{CiphertextMessage, SignalProtocolError};
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::signal::{Scratch, parse_sealed, sender_key_name};
use super::stanza::{Enc, Incoming};

/// What came out of a message stanza.
pub(super) enum Opened {
    /// Decrypted messages, in order.
    Messages(Vec<Plain>),
    /// These ciphertexts were opened before.
    Seen,
    /// Nothing could be opened.
    Failed(RetryReason),
}

/// One decrypted message.
pub(super) struct Plain {
    pub(super) message: wa::Message,
    /// Its protobuf as it came, without padding: the schema may not know all of it.
    pub(super) encoded: Vec<u8>,
}

/// Why one `<enc>` stayed closed.
enum Closed {
    Seen,
    Bad(RetryReason),
}

impl Simulated {
    /// Opens every `<enc>`, on the scratch. Only storage trouble is an error.
    pub(super) async fn open_all(
        &self,
        phone: &Phone,
        incoming: &Incoming<'_>,
        scratch: &mut Scratch,
    ) -> anyhow::Result<Opened> {
        self.store.load_sessions(phone, std::slice::from_ref(&incoming.device), scratch).await?;
        let mut messages = Vec::new();
        let mut worst = None;
        let mut seen = false;
        for enc in &incoming.encs {
            match self.open_one(phone, incoming, enc, scratch).await? {
                Ok(message) => messages.push(message),
                Err(Closed::Seen) => seen = true,
                Err(Closed::Bad(reason)) => worst = Some(reason),
            }
        }
        Ok(match worst {
            Some(reason) => Opened::Failed(reason),
            None if messages.is_empty() && seen => Opened::Seen,
            None if messages.is_empty() => Opened::Failed(RetryReason::InvalidMessage),
            None => Opened::Messages(messages),
        })
    }

    async fn open_one(
        &self,
        phone: &Phone,
        incoming: &Incoming<'_>,
        enc: &Enc<'_>,
        scratch: &mut Scratch,
    ) -> anyhow::Result<Result<Plain, Closed>> {
        let group = incoming.from.to_string();
        let name = sender_key_name(&group, &incoming.device);
        let padded = if enc.kind == "skmsg" {
            self.store.load_sender_key(phone, name.cache_key(), scratch).await?;
            scratch.decrypt_group(&name, enc.bytes).await
        } else {
            match parse_sealed(&enc.kind, enc.bytes) {
                Ok(sealed) => {
                    if let CiphertextMessage::PreKeySignalMessage(first) = &sealed
                        && let Some(id) = first.pre_key_id()
                    {
                        self.store.load_pre_key(phone, id.into(), scratch).await?;
                    }
                    scratch.decrypt(&incoming.device, &sealed).await
                }
                Err(error) => Err(error),
            }
        };
        let padded = match padded {
            Ok(padded) => padded,
            Err(error) => return Ok(Err(closed(phone, incoming, &error))),
        };
        let plain = MessageUtils::unpad_message_ref(&padded, enc.version)
            .and_then(|encoded| Ok((waproto::codec::message_decode(encoded)?, encoded.to_vec())));
        let Ok((message, encoded)) = plain else {
            return Ok(Err(Closed::Bad(RetryReason::InvalidMessage)));
        };
        if let Some(distribution) = message
            .sender_key_distribution_message
            .as_option()
            .and_then(|part| part.axolotl_sender_key_distribution_message.as_deref())
        {
            self.store.load_sender_key(phone, name.cache_key(), scratch).await?;
            if let Err(error) = scratch.learn_sender_key(&name, distribution).await {
                return Ok(Err(closed(phone, incoming, &error)));
            }
        }
        Ok(Ok(Plain { message, encoded }))
    }
}

fn closed(phone: &Phone, incoming: &Incoming<'_>, error: &SignalProtocolError) -> Closed {
    use SignalProtocolError as E;
    let reason = match error {
        E::DuplicatedMessage(..) => return Closed::Seen,
        E::SessionNotFound(_) | E::NoSenderKeyState(_) => RetryReason::NoSession,
        E::InvalidPreKeyId | E::InvalidSignedPreKeyId => RetryReason::InvalidKeyId,
        E::BadMac(_) => RetryReason::BadMac,
        E::SignatureValidationFailed => RetryReason::InvalidSignature,
        E::InvalidMessage(..) => RetryReason::InvalidMessage,
        _ => RetryReason::UnknownError,
    };
    tracing::warn!(pn = phone.pn(), id = incoming.id, sender = incoming.device.key(), %error, "phone cannot decrypt");
    Closed::Bad(reason)
}
