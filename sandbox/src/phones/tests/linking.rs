//! What a phone gives a companion, checked by the companion library itself.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use rand::rngs::StdRng;
use wacore::adv::{AdvValidation, decode_key_index_list, validate_adv_with_identity_key};
use wacore::download::{DownloadUtils, MediaType};
use wacore::history_sync::process_history_sync;
use wacore::messages::wrap_device_sent;
use wacore::pair::{DeviceState, PairUtils};
use wacore::pair_code::PairCodeUtils;
use wacore_appstate::hash::HashState;
use wacore_appstate::{AppStateError, expand_app_state_keys, process_patch};
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wacore_libsignal::protocol::{KeyPair, PublicKey};
use waproto::whatsapp as wa;

use super::companions::TestCompanion;
use super::eventually;
use super::lan::World;
use crate::phones::account::raw_public;
use crate::phones::{Direction, Status};
use crate::ports::{CodeFinish, CodeHello, Phones, PortError};

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";

fn device_state(companion: &TestCompanion, secret: [u8; 32]) -> DeviceState {
    let identity = &companion.keys.identity;
    DeviceState {
        identity_key: KeyPair::new(*identity.public_key(), identity.private_key().clone()),
        noise_key: KeyPair::generate(&mut rand::make_rng::<StdRng>()),
        adv_secret_key: secret,
    }
}

#[tokio::test]
async fn the_container_of_pair_success_passes_the_clients_checks() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let account = world.phones.ensure(ADA, Some("Ada")).await.expect("ada");
    let companion = TestCompanion::new(ADA, 3);
    let secret = [42; 32];
    let container = world.phones.sign_companion(ADA, &companion.request(true), secret).await.expect("signed");

    let state = device_state(&companion, secret);
    let (self_signed, key_index) = PairUtils::do_pair_crypto(&state, &container).expect("client accepts");
    assert_eq!(key_index, 3);
    let verdict = validate_adv_with_identity_key(
        &self_signed,
        &companion.keys.identity_public(),
        Some(&account.identity),
    );
    assert!(matches!(verdict, AdvValidation::Valid));

    let wrong_secret = device_state(&companion, [43; 32]);
    assert_eq!(
        PairUtils::do_pair_crypto(&wrong_secret, &container).expect_err("refused").text,
        "hmac-mismatch"
    );
    let other = device_state(&TestCompanion::new(ADA, 3), secret);
    assert_eq!(
        PairUtils::do_pair_crypto(&other, &container).expect_err("refused").text,
        "signature-mismatch"
    );
}

#[tokio::test]
async fn the_key_index_list_decodes_and_is_signed_by_the_account() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let account = world.phones.ensure(ADA, None).await.expect("ada");
    let list = world.phones.sign_key_index_list(ADA, 1_700_000_000, 3, &[1, 3]).await.expect("signed");
    let decoded = decode_key_index_list(&list).expect("decodes");
    assert_eq!((decoded.raw_id, decoded.current_index), (account.adv_raw_id, 3));
    assert_eq!(decoded.valid_indexes, [1, 3]);

    let signed = waproto::codec::adv_signed_key_index_list_decode(&list).expect("decodes");
    let details = signed.details.expect("details");
    let key = PublicKey::from_djb_public_key_bytes(&account.identity).expect("key");
    let signature = signed.account_signature.expect("signature");
    assert!(key.verify_signature_for_multipart_message(&[&[6, 2], &details], &signature));
    assert!(!key.verify_signature_for_multipart_message(&[&[6, 0], &details], &signature));
}

struct CodeDance {
    world: World,
    _dir: tempfile::TempDir,
    ephemeral: KeyPair,
    identity: KeyPair,
}

impl CodeDance {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("dir");
        let world = World::open(dir.path()).await;
        world.phones.ensure(ADA, None).await.expect("ada");
        let mut rng = rand::make_rng::<StdRng>();
        Self {
            world,
            _dir: dir,
            ephemeral: KeyPair::generate(&mut rng),
            identity: KeyPair::generate(&mut rng),
        }
    }

    /// All stages; the companion shows `shown`, the phone's user types `typed`.
    async fn dance(&self, shown: &str, typed: &str) -> Result<([u8; 32], [u8; 32]), PortError> {
        let reference = Bytes::from_static(b"ref-1");
        let wrapped = PairCodeUtils::encrypt_ephemeral_pub(&raw_public(&self.ephemeral.public_key), shown);
        let hello =
            CodeHello { reference: reference.clone(), wrapped_ephemeral: Bytes::copy_from_slice(&wrapped) };
        let primary = self.world.phones.code_primary_hello(ADA, typed, &hello).await?;
        let theirs = PairCodeUtils::decrypt_primary_ephemeral_pub(&primary.wrapped_ephemeral, shown)
            .expect("80 bytes");
        let (bundle, secret) =
            PairCodeUtils::prepare_key_bundle(&self.ephemeral, &theirs, &primary.identity, &self.identity)
                .expect("bundle");
        let finish = CodeFinish {
            reference,
            wrapped_bundle: bundle.into(),
            identity: raw_public(&self.identity.public_key),
        };
        Ok((secret, self.world.phones.code_finish(ADA, &finish).await?))
    }
}

#[tokio::test]
async fn pairing_by_code_agrees_on_the_adv_secret() {
    let dance = CodeDance::new().await;
    let (companions, phones) = dance.dance("ABCD1234", "abcd-1234").await.expect("paired");
    assert_eq!(companions, phones);
}

#[tokio::test]
async fn a_wrong_code_is_refused() {
    let dance = CodeDance::new().await;
    assert!(matches!(dance.dance("ABCD1234", "ABCD1235").await, Err(PortError::Refused(_))));
    assert!(matches!(dance.dance("ABCD1234", "ABC").await, Err(PortError::Refused(_))), "cannot be a code");
    let unknown = CodeFinish {
        reference: Bytes::from_static(b"other"),
        wrapped_bundle: Bytes::new(),
        identity: [0; 32],
    };
    assert!(matches!(dance.world.phones.code_finish(ADA, &unknown).await, Err(PortError::NotFound(_))));
}

/// Links a companion and opens what the phone tells it.
pub(super) async fn bootstrapped(
    world: &World,
    device: u16,
    inline: bool,
) -> (TestCompanion, Vec<wa::Message>) {
    world.phones.ensure(ADA, Some("Ada Lovelace")).await.expect("ada");
    let mut companion = TestCompanion::new(ADA, device);
    world.lan.link(ADA, companion.slot(), companion.bundle());
    world.phones.companion_ready(&companion.address, &companion.request(inline)).await.expect("bootstrapped");
    let mut messages = Vec::new();
    for stanza in world.lan.to(ADA, device) {
        assert_eq!(stanza.attrs().optional_string("category").as_deref(), Some("peer"));
        messages.push(companion.open(ADA, &stanza).await);
    }
    (companion, messages)
}

fn shared_key(message: &wa::Message) -> (Vec<u8>, Vec<u8>) {
    let share = message.protocol_message.as_option().expect("protocol").app_state_sync_key_share.as_option();
    let key = &share.expect("share").keys[0];
    let data = key.key_data.as_option().expect("data");
    assert!(data.fingerprint.as_option().expect("fingerprint").raw_id.is_some());
    assert!(data.timestamp.is_some());
    (key.key_id.key_id.clone().expect("id"), data.key_data.clone().expect("key"))
}

#[tokio::test]
async fn the_bootstrap_is_accepted_by_the_clients_own_processors() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let (_companion, messages) = bootstrapped(&world, 1, true).await;
    assert_eq!(messages.len(), 2, "key share, history");
    let (key_id, key) = shared_key(&messages[0]);

    let patches = world.lan.patches(ADA, "critical_block");
    assert_eq!(patches.len(), 1);
    let patch = waproto::codec::syncd_patch_decode(&patches[0]).expect("decodes");
    assert_eq!(patch.version.version, Some(1));
    assert_eq!(patch.key_id.id.as_deref(), Some(key_id.as_slice()));
    let keys = Arc::new(expand_app_state_keys(&key));
    let mut state = HashState::default();
    let no_previous: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let done = process_patch(
        &patch,
        &mut state,
        |_| Ok::<_, AppStateError>(keys.clone()),
        |index| Ok(no_previous.get(index).cloned()),
        true,
        "critical_block",
    )
    .expect("MACs hold");
    assert_eq!(done.mutations[0].index, ["setting_pushName"]);
    let name = done.mutations[0]
        .action_value
        .as_ref()
        .and_then(|value| value.push_name_setting.as_option()?.name.clone());
    assert_eq!(name.as_deref(), Some("Ada Lovelace"));
    assert!(!state.mac_mismatch_fatal, "the snapshot MAC agrees");

    let notification = messages[1].protocol_message.history_sync_notification.as_option().expect("history");
    let inline = notification.initial_hist_bootstrap_inline_payload.clone().expect("inline");
    let history = process_history_sync(inline, Some(ADA), false).expect("processes");
    assert_eq!(history.conversations_processed, 0);
    assert_eq!(history.own_pushname.as_deref(), Some("Ada Lovelace"));
}

#[tokio::test]
async fn a_companion_without_inline_history_gets_a_blob_and_the_name_is_set_once() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    bootstrapped(&world, 1, true).await;
    let (_companion, messages) = bootstrapped(&world, 2, false).await;
    assert_eq!(world.lan.patches(ADA, "critical_block").len(), 1);
    let notification = messages[1].protocol_message.history_sync_notification.as_option().expect("history");
    assert!(notification.initial_hist_bootstrap_inline_payload.is_none());
    let object = world.lan.object(notification.direct_path.as_deref().expect("path"));
    let key = notification.media_key.as_deref().expect("key");
    let payload = DownloadUtils::verify_and_decrypt(&object, key, MediaType::History).expect("decrypts");
    process_history_sync(payload, None, false).expect("processes");
}

#[tokio::test]
async fn own_companions_get_copies_and_their_sends_are_the_accounts() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let (mut companion, _) = bootstrapped(&world, 1, true).await;
    world.text(ADA, BEN, "from the phone").await;
    let copy = world.lan.to(ADA, 1).pop().expect("copy");
    assert_eq!(copy.attrs().optional_jid("recipient"), Some(Jid::pn(BEN)));
    let copy = companion.open(ADA, &copy).await;
    let inner = copy.device_sent_message.as_option().expect("a copy");
    assert_eq!(inner.message.conversation.as_deref(), Some("from the phone"));
    assert_eq!(inner.destination_jid.as_deref(), Some("491700000002@s.whatsapp.net"));

    let text = wa::Message { conversation: Some("from the companion".to_owned()), ..Default::default() };
    let sealed = companion.seal(ADA, &wrap_device_sent(text, Jid::pn(BEN).to_string())).await;
    let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind).bytes(sealed.bytes).build();
    let stanza = NodeBuilder::new("message")
        .attr("from", Jid::pn_device(ADA, 1))
        .attr("recipient", Jid::pn(BEN))
        .attr("id", "C1")
        .attr("t", 1_700_000_000)
        .children([enc])
        .build();
    world.phones.deliver(ADA, stanza).await.expect("delivered");
    let message = world.phones.message(ADA, "C1").await.expect("stored");
    assert_eq!((message.direction, message.chat.as_str()), (Direction::Out, BEN));
    assert_eq!((message.text.as_deref(), message.status), (Some("from the companion"), Status::Sent));
    let receipt = world.lan.from(ADA, "receipt").pop().expect("receipt");
    assert_eq!(receipt.attrs().optional_string("type").as_deref(), Some("sender"));
    assert_eq!(receipt.attrs().optional_jid("recipient"), Some(Jid::pn(BEN)));
    assert_eq!(receipt.attrs().optional_jid("to"), Some(Jid::pn_device(ADA, 1)));
}

#[tokio::test]
async fn a_companion_may_ask_again_for_its_copy_and_for_the_key_share() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let (mut companion, messages) = bootstrapped(&world, 1, true).await;
    world.text(ADA, BEN, "a copy").await;
    let stanzas = world.lan.to(ADA, 1);
    let (share, copy) = (&stanzas[0], &stanzas[2]);
    for stanza in [share, copy] {
        let before = world.lan.to(ADA, 1).len();
        let id = stanza.attrs().optional_string("id").expect("id").into_owned();
        let retry = NodeBuilder::new("retry").attr("id", id.as_str()).attr("count", 1).build();
        let receipt = NodeBuilder::new("receipt")
            .attr("from", Jid::pn_device(ADA, 1))
            .attr("id", id.as_str())
            .attr("type", "retry")
            .children([retry])
            .build();
        world.phones.deliver(ADA, receipt).await.expect("delivered");
        let again = world.lan.to(ADA, 1).split_off(before).pop().expect("sent again");
        assert_eq!(again.attrs().optional_string("id").as_deref(), Some(id.as_str()));
        assert_eq!(again.attrs().optional_jid("recipient"), stanza.attrs().optional_jid("recipient"));
        assert_eq!(again.attrs().optional_string("category"), stanza.attrs().optional_string("category"));
        assert_eq!(
            again.get_optional_child("enc").and_then(|enc| enc.attrs().optional_u64("count")),
            Some(1)
        );
        let opened = companion.open(ADA, &again).await;
        match opened.device_sent_message.as_option() {
            Some(copy) => assert_eq!(copy.message.conversation.as_deref(), Some("a copy")),
            None => assert_eq!(shared_key(&opened), shared_key(&messages[0])),
        }
    }
}

#[tokio::test]
async fn a_key_request_is_answered_with_what_the_phone_has() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let (mut companion, messages) = bootstrapped(&world, 1, true).await;
    let (key_id, key) = shared_key(&messages[0]);
    let wanted = [key_id.clone(), vec![9; 6]];
    let request = wa::Message {
        protocol_message: buffa::MessageField::some(wa::message::ProtocolMessage {
            r#type: Some(wa::message::protocol_message::Type::APP_STATE_SYNC_KEY_REQUEST),
            app_state_sync_key_request: buffa::MessageField::some(wa::message::AppStateSyncKeyRequest {
                key_ids: wanted
                    .iter()
                    .map(|id| wa::message::AppStateSyncKeyId { key_id: Some(id.clone()) })
                    .collect(),
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let sealed = companion.seal(ADA, &request).await;
    let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind).bytes(sealed.bytes).build();
    let lid = world.phones.find(ADA).await.expect("find").expect("ada").lid;
    let stanza = NodeBuilder::new("message")
        .attr("from", Jid::lid_device(lid, 1))
        .attr("category", "peer")
        .attr("id", "K1")
        .children([enc])
        .build();
    let before = world.lan.to(ADA, 1).len();
    world.phones.deliver(ADA, stanza).await.expect("delivered");
    let answer = eventually("the answer", async || {
        world.lan.to(ADA, 1).into_iter().skip(before).find(|node| node.tag == "message")
    })
    .await;
    let answer = companion.open(ADA, &answer).await;
    assert_eq!(shared_key(&answer), (key_id, key));
    let share = answer.protocol_message.app_state_sync_key_share.as_option().expect("share");
    assert_eq!(share.keys.len(), 2);
    assert!(share.keys[1].key_data.is_unset(), "an unknown key goes without data");
    assert!(world.inbox(ADA).await.is_empty(), "nothing of this is shown");
}
