//! A linked device: what can be asked of it.

use std::{fs::File, sync::Arc, time::Duration};

use tokio::time::Instant;
use wacore::{
    download::{Downloadable, MediaType},
    types::message::MessageInfo,
    upload::{EncryptedMediaInfo, UploadSource},
};
use wagate_domain::{Address, ContactIds, Timestamp, address::Server};
use waproto::whatsapp as wa;
use whatsapp_rust::{Client, ErrorChainExt, PresenceError, SendError, SendOptions};

use super::{
    Inbound, Ratchets, SentMessages,
    acks::{Ack, AckBook},
    catchup::Catchup,
    hook::identified,
    pairing::{self, CodeRefusal, PairingCode},
    restrictions::{self, Restriction},
};
use crate::{
    convert::{Own, Uploaded, address_of, identities_of, jid_of},
    turns::Turn,
};

/// How long closing may take before the device is dropped as it is.
const CLOSING: Duration = Duration::from_secs(15);

/// A handle to a linked (or to be linked) device.
#[derive(Clone)]
pub(crate) struct Link {
    client: Arc<Client>,
    acks: Arc<AckBook>,
    sent: SentMessages,
    ratchets: Ratchets,
    catchup: Catchup,
}

/// Why something asked of a device did not happen.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The connection is gone; ask again on the next one.
    Lost,
    /// It may work later.
    Temporary(String),
    /// WhatsApp no longer has the file.
    Gone,
    /// It will not work, with a stable code.
    Refused {
        /// Stable code.
        code: String,
        /// What happened.
        message: String,
    },
}

/// Signs of life of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wire {
    /// When something last came in, whatever it was: keep-alives are answered every half minute at the latest.
    pub(crate) heard_at: Option<Timestamp>,
    /// Attempts to connect again since the device was opened.
    pub(crate) reconnects: u64,
    /// Attempts since the last one that succeeded.
    pub(crate) failed_in_a_row: u32,
}

/// What a number check told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Existence {
    /// Nobody uses WhatsApp under this number.
    Nobody,
    /// Somebody does, under this address, with these identities.
    Somebody {
        /// Where to send to.
        address: Address,
        /// PN and LID.
        contact: ContactIds,
    },
}

impl Link {
    pub(super) const fn new(
        client: Arc<Client>,
        acks: Arc<AckBook>,
        sent: SentMessages,
        ratchets: Ratchets,
        catchup: Catchup,
    ) -> Self {
        Self { client, acks, sent, ratchets, catchup }
    }

    /// Whether the device is logged in right now.
    pub(crate) fn is_online(&self) -> bool {
        self.client.is_connected() && self.client.is_logged_in()
    }

    /// What the wire has shown so far.
    pub(crate) fn wire(&self) -> Wire {
        let stats = self.client.stats();
        let millis = i64::try_from(stats.last_data_received_ms).unwrap_or(i64::MAX);
        Wire {
            heard_at: (millis > 0).then(|| Timestamp::from_millis(millis)),
            reconnects: stats.reconnects,
            failed_in_a_row: stats.reconnect_errors,
        }
    }

    /// The account it is linked to, as far as known.
    pub(crate) fn own(&self) -> Own {
        let user = |jid: Option<wacore_binary::Jid>| {
            jid.as_ref().and_then(address_of).map(|address| address.user().to_owned())
        };
        Own { pn: user(self.client.pn()), lid: user(self.client.lid()) }
    }

    /// Our push name, when known.
    pub(crate) fn push_name(&self) -> Option<String> {
        Some(self.client.push_name()).filter(|name| !name.is_empty())
    }

    /// Asks for a code to type on the phone with this number.
    pub(crate) async fn pair_with_code(&self, phone: &str) -> Result<PairingCode, CodeRefusal> {
        pairing::request(&self.client, phone).await
    }

    /// Withdraws the code that is out.
    pub(crate) async fn withdraw_code(&self) {
        self.client.cancel_pair_code().await;
    }

    /// Completes what is known of a person from the device's own memory.
    pub(crate) async fn known(&self, contact: ContactIds) -> ContactIds {
        known(&self.client, contact).await
    }

    /// Adds what the device knows about the other person of a message.
    pub(crate) async fn identified(&self, message: Arc<wa::Message>, info: Arc<MessageInfo>) -> Inbound {
        identified(&self.client, message, info).await
    }

    /// Asks WhatsApp whether somebody uses this number.
    pub(crate) async fn check(&self, number: &Address) -> Result<Existence, Trouble> {
        let found = self
            .client
            .contacts()
            .is_on_whatsapp(&[jid_of(number)])
            .await
            .map_err(|error| self.trouble(&error))?;
        let Some(person) = found.into_iter().find(|person| person.is_registered) else {
            return Ok(Existence::Nobody);
        };
        let contact = identities_of(Some(&person.jid))
            .or(identities_of(person.pn_jid.as_ref()))
            .or(identities_of(person.lid.as_ref()));
        // the server may know the number under another spelling (Brazil, Mexico, Argentina)
        let address = contact.pn.clone().map_or_else(|| number.clone(), Address::pn);
        Ok(Existence::Somebody { address, contact: contact.or(ContactIds::of(number)) })
    }

    /// Whether messages may leave without waiting for what came while the device was away, or was missed.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.catchup.is_through()
    }

    /// Waits until what came while the device was away, or was missed, is through, or nobody says so for a minute.
    ///
    /// # Errors
    /// [`Trouble::Lost`] when the connection is over.
    pub(crate) async fn caught_up(&self) -> Result<(), Trouble> {
        if self.catchup.through().await { Ok(()) } else { Err(Trouble::Lost) }
    }

    /// Sends a message under a fixed id and waits for the server's ack, and until the message is kept for recipients
    /// that cannot read it; `Ok(None)` when no ack came in time.
    /// `turn` lasts until the message is written; the time tells how long the ack was waited for.
    pub(crate) async fn send(
        &self,
        to: &Address,
        message: wa::Message,
        id: &str,
        turn: Turn,
        patience: Duration,
    ) -> Result<(Option<Ack>, Duration), Trouble> {
        let leaving = self.ratchets.leave();
        let ack = self.acks.expect(id);
        let options = SendOptions::default().with_message_id(id);
        if let Err(error) = self.client.send_message_with_options(jid_of(to), message, options).await {
            self.acks.forget(id);
            return Err(self.send_trouble(&error));
        }
        drop((leaving, turn));
        let written = Instant::now();
        match tokio::time::timeout(patience, ack).await {
            Ok(Ok(ack)) => {
                let waited = written.elapsed();
                self.sent.kept(id).await;
                Ok((Some(ack), waited))
            }
            Ok(Err(_)) => Err(Trouble::Lost),
            Err(_) => {
                self.acks.forget(id);
                Ok((None, written.elapsed()))
            }
        }
    }

    /// When a restriction of the account ends, as WhatsApp says; `None` when it does not.
    pub(crate) async fn ends(&self, restriction: Restriction) -> Option<Timestamp> {
        restrictions::ends(&self.client, restriction).await
    }

    /// Sends read receipts for messages of a chat.
    pub(crate) async fn mark_read(&self, chat: &Address, ids: &[String]) -> Result<(), Trouble> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        self.client
            .mark_as_read(&jid_of(chat), None, &ids)
            .await
            .map_err(|error| self.trouble(error.as_ref()))
    }

    /// Shows the account as online, or not.
    pub(crate) async fn show_presence(&self, available: bool) -> Result<(), Trouble> {
        let presence = self.client.presence();
        let shown = if available { presence.set_available().await } else { presence.set_unavailable().await };
        shown.map_err(|error| self.presence_trouble(&error))
    }

    /// Asks to be told when a person comes and goes.
    pub(crate) async fn watch_presence(&self, person: &Address) -> Result<(), Trouble> {
        let asked = self.client.presence().subscribe(jid_of(person)).await;
        asked.map_err(|error| self.presence_trouble(&error))
    }

    /// Uploads an encrypted file.
    pub(crate) async fn upload<S: UploadSource + 'static>(
        &self,
        source: S,
        info: EncryptedMediaInfo,
        kind: MediaType,
    ) -> Result<Uploaded, Trouble> {
        let done = self
            .client
            .upload_stream(source, info, kind)
            .await
            .map_err(|error| self.trouble(error.as_ref()))?;
        Ok(Uploaded {
            url: done.url,
            direct_path: done.direct_path,
            media_key: done.media_key.to_vec(),
            file_sha256: done.file_sha256.to_vec(),
            file_enc_sha256: done.file_enc_sha256.to_vec(),
            file_length: done.file_length,
            media_key_timestamp: done.media_key_timestamp,
            streaming_sidecar: done.streaming_sidecar,
        })
    }

    /// Fetches and decrypts a file into `into`, which is at its beginning afterwards.
    pub(crate) async fn download(&self, what: &dyn Downloadable, into: File) -> Result<File, Trouble> {
        self.client.download_to_writer(what, into).await.map_err(|error| match error.http_status() {
            Some(404 | 410) => Trouble::Gone,
            _ => self.trouble(error.as_ref()),
        })
    }

    /// Drops the connection and makes a new one at once, so that WhatsApp sends again what we did not take.
    pub(crate) async fn reconnect(&self) {
        self.client.reconnect_immediately().await;
    }

    /// Unlinks the device at WhatsApp, as far as it can be reached, and closes.
    pub(crate) async fn logout(&self) {
        // an unreachable server must not keep the session from being forgotten
        let _ = tokio::time::timeout(CLOSING, self.client.logout()).await;
    }

    /// Writes down what is pending and disconnects.
    pub(crate) async fn close(&self) {
        if tokio::time::timeout(CLOSING, self.client.disconnect()).await.is_err() {
            tracing::warn!("a device did not close in time and was dropped");
        }
    }

    fn send_trouble(&self, error: &SendError) -> Trouble {
        match error {
            SendError::NotLoggedIn => Trouble::Lost,
            SendError::Client(error) if error.is_transport_unavailable() => Trouble::Lost,
            SendError::InvalidRequest(why) => {
                Trouble::Refused { code: "invalid_recipient".to_owned(), message: why.clone() }
            }
            other => self.trouble(other),
        }
    }

    fn presence_trouble(&self, error: &PresenceError) -> Trouble {
        match error {
            PresenceError::PushNameEmpty => Trouble::Refused {
                code: "no_push_name".to_owned(),
                message: "the account has no name yet, without which nobody can be online; the phone sends it soon after linking".to_owned(),
            },
            PresenceError::Client(error) if error.is_transport_unavailable() => Trouble::Lost,
            other => self.trouble(other),
        }
    }

    fn trouble(&self, error: &(dyn std::error::Error + 'static)) -> Trouble {
        if !self.is_online() {
            return Trouble::Lost;
        }
        match error.server_rejection() {
            Some(rejection) if matches!(rejection.code, 401 | 403 | 404 | 406) => Trouble::Refused {
                code: format!("rejected_{}", rejection.code),
                message: format!("WhatsApp answered {} {}", rejection.code, rejection.text),
            },
            _ => Trouble::Temporary(error.to_string()),
        }
    }
}

/// Completes what is known of a person from the device's LID-PN memory.
pub(super) async fn known(client: &Client, contact: ContactIds) -> ContactIds {
    let address = match (&contact.pn, &contact.lid) {
        (Some(pn), None) => Address::pn(pn.clone()),
        (None, Some(lid)) => Address::lid(lid.clone()),
        _ => return contact,
    };
    match client.get_lid_pn_entry(&jid_of(&address)).await {
        Ok(Some(entry)) => contact
            .or(ContactIds { pn: Some(entry.phone_number.to_string()), lid: Some(entry.lid.to_string()) }),
        Ok(None) => contact,
        Err(error) => {
            tracing::debug!(%error, server = ?address.server() as Server, "contact identities unreadable");
            contact
        }
    }
}
