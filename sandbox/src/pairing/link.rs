//! One companion that waits to be linked: its keys, its references, its connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::sync::oneshot;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use wacore_libsignal::protocol::PublicKey;
use waproto::whatsapp::client_payload::DevicePairingRegistrationData;

use super::passkey::PasskeyDesk;
use crate::clock::Moment;
use crate::config::SandboxConfig;
use crate::nodes::{big_endian, blob};
use crate::ports::{CodeFinish, Companion, PairingRequest, PortError, PortResult};
use crate::wire::Conn;

/// References sent at once; the client shows the first for 60 s and the others for 20 s each.
const REFERENCES: usize = 6;

/// Keys a companion registers with: its pre-key bundle before any upload.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    identity: [u8; 32],
    noise: [u8; 32],
    registration_id: u32,
    signed_pre_key: (u32, [u8; 32], [u8; 64]),
    device_props: Bytes,
}

impl Registration {
    /// Reads a registration payload and checks the signature of its signed pre-key.
    pub(crate) fn read(data: &DevicePairingRegistrationData, noise: [u8; 32]) -> Result<Self> {
        let identity: [u8; 32] = field(data.e_ident.as_deref(), "eIdent")?;
        let skey: [u8; 32] = field(data.e_skey_val.as_deref(), "eSkeyVal")?;
        let signature: [u8; 64] = field(data.e_skey_sig.as_deref(), "eSkeySig")?;
        let mut signed = [5; 33];
        signed[1..].copy_from_slice(&skey);
        let key = PublicKey::from_djb_public_key_bytes(&identity)?;
        ensure!(key.verify_signature(&signed, &signature), "signed pre-key is not signed by eIdent");
        Ok(Self {
            identity,
            noise,
            registration_id: data.e_regid.as_deref().and_then(big_endian).context("eRegid")?,
            signed_pre_key: (
                data.e_skey_id.as_deref().and_then(big_endian).context("eSkeyId")?,
                skey,
                signature,
            ),
            device_props: data.device_props.clone().unwrap_or_default().into(),
        })
    }

    /// Whether these are its keys.
    pub(super) fn is_of(&self, noise: &[u8; 32], identity: &[u8; 32]) -> bool {
        self.noise == *noise && self.identity == *identity
    }

    /// What the phone is asked to sign.
    pub(super) fn request(&self, slot: Companion) -> PairingRequest {
        PairingRequest {
            identity: self.identity,
            noise: self.noise,
            registration_id: self.registration_id,
            signed_pre_key: self.signed_pre_key,
            slot,
            device_props: self.device_props.clone(),
        }
    }
}

fn field<const N: usize>(bytes: Option<&[u8]>, name: &'static str) -> Result<[u8; N]> {
    bytes.context(name)?.try_into().with_context(|| format!("{name} must have {N} bytes"))
}

/// Answer of a companion to pair-success: its signed identity, or why it refused.
pub(super) type Countersigned = Result<Vec<u8>, String>;

/// A connection in its pairing stage.
pub(crate) struct Link {
    pub(super) conn: Arc<Conn>,
    pub(super) registration: Registration,
    pub(super) references: Vec<String>,
    pub(super) since: Moment,
    busy: AtomicBool,
    countersign: Mutex<Option<(String, oneshot::Sender<Countersigned>)>>,
    pub(super) finish: Mutex<Option<oneshot::Sender<CodeFinish>>>,
    pub(crate) passkey: PasskeyDesk,
}

/// Keeps a link from being used twice at a time.
pub(super) struct Claim<'a>(&'a Link);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
    }
}

impl Link {
    /// A link with references that are fresh at `since`.
    pub(crate) fn new(conn: Arc<Conn>, registration: Registration, since: Moment) -> Self {
        let reference = || format!("2@{}", STANDARD.encode(rand::random::<[u8; 48]>()));
        Self {
            conn,
            registration,
            references: std::iter::repeat_with(reference).take(REFERENCES).collect(),
            since,
            busy: AtomicBool::new(false),
            countersign: Mutex::default(),
            finish: Mutex::default(),
            passkey: PasskeyDesk::default(),
        }
    }

    /// Sends the references that the client turns into QR codes.
    pub(crate) fn offer(&self) {
        let references = self.references.iter().map(|reference| blob("ref", reference.as_bytes()));
        let child = NodeBuilder::new("pair-device").children(references).build();
        self.conn.send_iq("md", "set", child);
    }

    /// How long one of its references may be scanned.
    pub(super) fn lifetime(&self, reference: &str, config: &SandboxConfig) -> Duration {
        let place = self.references.iter().take_while(|shown| *shown != reference).count();
        config.qr_first + config.qr_next * u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Takes the link for one attempt.
    pub(super) fn claim(&self) -> PortResult<Claim<'_>> {
        if self.conn.gone.is_cancelled() {
            return Err(PortError::NotFound("the companion has disconnected".into()));
        }
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err(PortError::Refused("this companion is being linked already".into()));
        }
        Ok(Claim(self))
    }

    /// Sends pair-success and hands out where the companion's answer will arrive.
    pub(super) fn send_success(&self, child: Node) -> oneshot::Receiver<Countersigned> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.countersign.lock().unwrap_or_else(PoisonError::into_inner);
        let id = self.conn.send_iq("md", "set", child);
        *waiting = Some((id, sender));
        receiver
    }

    /// Takes an IQ answer of the companion; `true` when it was the awaited one.
    pub(crate) fn answer(&self, id: &str, result: Countersigned) -> bool {
        let mut waiting = self.countersign.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.as_ref().is_none_or(|(expected, _)| expected != id) {
            return false;
        }
        if let Some((_, sender)) = waiting.take() {
            // The caller may have given up waiting.
            drop(sender.send(result));
        }
        true
    }

    /// Takes the companion's last step of pairing by code.
    pub(crate) fn code_finished(&self, finish: CodeFinish) {
        let waiting = self.finish.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = waiting {
            drop(sender.send(finish));
        }
    }
}
