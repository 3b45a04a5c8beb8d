//! The server's static Noise key and its certificate chain.
//!
//! Root and intermediate are the sandbox's own: clients that verify against WhatsApp's root
//! refuse it, which is what keeps a production build away from a sandbox.

use anyhow::{Context, Result};
use buffa::{Message, MessageField};
use wacore_libsignal::protocol::{KeyPair, PrivateKey};
use waproto::whatsapp::CertChain;
use waproto::whatsapp::cert_chain::NoiseCertificate;
use waproto::whatsapp::cert_chain::noise_certificate::Details;

use crate::faults::Effect;

const TEN_YEARS: u64 = 10 * 365 * 24 * 3600;
const DAY: u64 = 24 * 3600;

/// Static Noise key pair and encoded `CertChain`; must stay the same over restarts,
/// because clients cache the chain for IK.
pub(crate) struct ServerIdentity {
    private: [u8; 32],
    public: [u8; 32],
    chain: Vec<u8>,
    ik: bool,
}

impl ServerIdentity {
    /// A fresh key with a chain root → intermediate (serial 1) → leaf (serial 2), valid ten years
    /// from `now` (unix seconds) on.
    pub(crate) fn generate(now: u64) -> Result<Self> {
        let mut rng = rand::rng();
        let root = KeyPair::generate(&mut rng);
        let intermediate = KeyPair::generate(&mut rng);
        let leaf = KeyPair::generate(&mut rng);
        let chain = CertChain {
            intermediate: MessageField::some(certificate(now, (&root, 0), (&intermediate, 1))?),
            leaf: MessageField::some(certificate(now, (&intermediate, 1), (&leaf, 2))?),
        };
        Self::restore(*leaf.private_key.serialize(), chain.encode_to_vec())
    }

    /// The identity kept from an earlier start.
    pub(crate) fn restore(private: [u8; 32], chain: Vec<u8>) -> Result<Self> {
        let key = PrivateKey::deserialize(&private).context("stored static key")?;
        let public = key.public_key().context("stored static key")?;
        Ok(Self { private, public: public.public_key_bytes().try_into()?, chain, ik: true })
    }

    pub(crate) fn static_public(&self) -> &[u8; 32] {
        &self.public
    }

    pub(crate) fn static_private(&self) -> &[u8; 32] {
        &self.private
    }

    pub(crate) fn chain(&self) -> &[u8] {
        &self.chain
    }

    /// Whether an IK hello is answered as such.
    pub(crate) fn serves_ik(&self) -> bool {
        self.ik
    }

    /// The identity as a fault of the handshake shows it at `now` (unix seconds); `None` when the
    /// fault is about something else.
    pub(crate) fn bent(&self, effect: &Effect, now: u64) -> Result<Option<Self>> {
        let mut chain = CertChain::decode_from_slice(&self.chain)?;
        match effect {
            Effect::RefuseIk => {}
            Effect::ExpiredCertificate => {
                for certificate in [&mut chain.leaf, &mut chain.intermediate] {
                    change(certificate, |details| details.not_after = Some(now.saturating_sub(DAY)))?;
                }
            }
            Effect::WrongLeafKey => {
                let other = KeyPair::generate(&mut rand::rng()).public_key.public_key_bytes().to_vec();
                change(&mut chain.leaf, |details| details.key = Some(other))?;
            }
            _ => return Ok(None),
        }
        let ik = !matches!(effect, Effect::RefuseIk);
        Ok(Some(Self { private: self.private, public: self.public, chain: chain.encode_to_vec(), ik }))
    }
}

/// Changes a certificate. Its signature stays and is wrong now; the keys for a right one are not kept.
fn change(certificate: &mut MessageField<NoiseCertificate>, change: impl FnOnce(&mut Details)) -> Result<()> {
    let mut changed = certificate.take().context("a certificate is missing")?;
    let mut details = Details::decode_from_slice(changed.details.as_deref().context("no details")?)?;
    change(&mut details);
    changed.details = Some(details.encode_to_vec());
    *certificate = MessageField::some(changed);
    Ok(())
}

/// Issuer and subject come with their serials.
fn certificate(
    now: u64,
    (issuer, issuer_serial): (&KeyPair, u32),
    (subject, serial): (&KeyPair, u32),
) -> Result<NoiseCertificate> {
    let details = Details {
        serial: Some(serial),
        issuer_serial: Some(issuer_serial),
        key: Some(subject.public_key.public_key_bytes().to_vec()),
        not_before: Some(now.saturating_sub(DAY)),
        not_after: Some(now + TEN_YEARS),
    }
    .encode_to_vec();
    let signature = issuer.private_key.calculate_signature(&details, &mut rand::rng())?;
    Ok(NoiseCertificate { details: Some(details), signature: Some(signature.to_vec()) })
}
