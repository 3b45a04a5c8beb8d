//! A companion device of a test: real keys, real ratchets, no network of its own.

use rand::rngs::StdRng;
use wacore::messages::{MessageUtils, decode_plaintext};
use wacore_binary::{Node, NodeContent};
use wacore_libsignal::protocol::KeyPair;
use waproto::whatsapp as wa;

use crate::phones::account::{Keys, SIGNED_PRE_KEY_ID, raw_public};
use crate::phones::address::DeviceAddress;
use crate::phones::signal::{Encrypted, Scratch, parse_sealed};
use crate::ports::{Companion, CompanionAddress, KeyBundle, PairingRequest};

pub(super) struct TestCompanion {
    pub(super) address: CompanionAddress,
    pub(super) keys: Keys,
    pub(super) scratch: Scratch,
    one_time: (u32, KeyPair),
}

impl TestCompanion {
    pub(super) fn new(pn: &str, device: u16) -> Self {
        let keys = Keys::generate(0).expect("keys");
        let mut scratch = Scratch::new(&keys);
        let one_time = (77, KeyPair::generate(&mut rand::make_rng::<StdRng>()));
        scratch.put_pre_key(one_time.0, &one_time.1);
        Self { address: CompanionAddress { pn: pn.to_owned(), device }, keys, scratch, one_time }
    }

    pub(super) fn slot(&self) -> Companion {
        Companion { device: self.address.device, key_index: u32::from(self.address.device) }
    }

    fn signed_pre_key(&self) -> (u32, [u8; 32], [u8; 64]) {
        (
            SIGNED_PRE_KEY_ID,
            raw_public(&self.keys.signed_pre_key.public_key),
            self.keys.signed_pre_key_signature,
        )
    }

    pub(super) fn bundle(&self) -> KeyBundle {
        KeyBundle {
            registration_id: self.keys.registration_id,
            identity: self.keys.identity_public(),
            signed_pre_key: self.signed_pre_key(),
            one_time: Some((self.one_time.0, raw_public(&self.one_time.1.public_key))),
            device_identity: None,
        }
    }

    pub(super) fn request(&self, inline_history: bool) -> PairingRequest {
        let config = wa::device_props::HistorySyncConfig {
            inline_initial_payload_in_e2_ee_msg: Some(inline_history),
            ..Default::default()
        };
        let props = wa::DeviceProps { history_sync_config: config.into(), ..Default::default() };
        PairingRequest {
            identity: self.keys.identity_public(),
            noise: [3; 32],
            registration_id: self.keys.registration_id,
            signed_pre_key: self.signed_pre_key(),
            slot: self.slot(),
            device_props: waproto::codec::device_props_to_vec(&props).into(),
        }
    }

    /// Opens the one `<enc>` of a delivered message.
    pub(super) async fn open(&mut self, from: &str, node: &Node) -> wa::Message {
        let enc = node.get_optional_child("enc").expect("enc");
        let Some(NodeContent::Bytes(bytes)) = &enc.content else { panic!("enc without bytes") };
        let sealed =
            parse_sealed(&enc.attrs().optional_string("type").expect("type"), bytes).expect("parses");
        let padded = self.scratch.decrypt(&DeviceAddress::new(from, 0), &sealed).await.expect("decrypts");
        decode_plaintext(&padded, 2).expect("decodes")
    }

    pub(super) async fn seal(&mut self, to: &str, message: &wa::Message) -> Encrypted {
        let plaintext = MessageUtils::encode_and_pad(message);
        self.scratch.encrypt(&DeviceAddress::new(to, 0), &plaintext).await.expect("encrypts")
    }
}
