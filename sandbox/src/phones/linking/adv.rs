//! ADV: the account vouches for its companions (protocol, "QR pairing" and "usync").

use buffa::Message as _;
use rand::rngs::StdRng;
use wacore_libsignal::crypto::hmac_sha256;
use waproto::whatsapp as wa;
use waproto::whatsapp::ADVEncryptionType;

use super::super::account::{Keys, Phone};
use crate::ports::PairingRequest;

/// `06 00`: account signature over a companion's identity.
const ACCOUNT_SIGNATURE: &[u8] = &[6, 0];
/// `06 02`: account signature over a key index list.
const KEY_INDEX_LIST: &[u8] = &[6, 2];

fn sign(keys: &Keys, parts: &[&[u8]]) -> anyhow::Result<Vec<u8>> {
    let mut rng: StdRng = rand::make_rng();
    Ok(keys.identity.private_key().calculate_signature_for_multipart_message(parts, &mut rng)?.to_vec())
}

/// The `ADVSignedDeviceIdentityHMAC` container for `pair-success`; `now` in unix seconds.
pub(in super::super) fn sign_companion(
    phone: &Phone,
    request: &PairingRequest,
    adv_secret: &[u8; 32],
    now: u64,
) -> anyhow::Result<Vec<u8>> {
    let details = wa::ADVDeviceIdentity {
        raw_id: Some(phone.info.adv_raw_id),
        timestamp: Some(now),
        key_index: Some(request.slot.key_index),
        account_type: Some(ADVEncryptionType::E2EE),
        device_type: Some(ADVEncryptionType::E2EE),
    }
    .encode_to_vec();
    let signed = wa::ADVSignedDeviceIdentity {
        account_signature: Some(sign(&phone.keys, &[ACCOUNT_SIGNATURE, &details, &request.identity])?),
        account_signature_key: Some(phone.info.identity.to_vec()),
        details: Some(details),
        ..Default::default()
    };
    let signed = waproto::codec::adv_signed_device_identity_to_vec(&signed);
    Ok(wa::ADVSignedDeviceIdentityHMAC {
        hmac: Some(hmac_sha256(adv_secret, &signed).to_vec()),
        details: Some(signed),
        ..Default::default()
    }
    .encode_to_vec())
}

/// `ADVSignedKeyIndexList` over the account's valid key indexes.
pub(in super::super) fn sign_key_index_list(
    phone: &Phone,
    ts: u64,
    current: u32,
    valid: &[u32],
) -> anyhow::Result<Vec<u8>> {
    let details = waproto::codec::adv_key_index_list_to_vec(&wa::ADVKeyIndexList {
        raw_id: Some(phone.info.adv_raw_id),
        timestamp: Some(ts),
        current_index: Some(current),
        valid_indexes: valid.to_vec(),
        account_type: Some(ADVEncryptionType::E2EE),
    });
    Ok(waproto::codec::adv_signed_key_index_list_to_vec(&wa::ADVSignedKeyIndexList {
        account_signature: Some(sign(&phone.keys, &[KEY_INDEX_LIST, &details])?),
        details: Some(details),
        account_signature_key: Some(phone.info.identity.to_vec()),
    }))
}
