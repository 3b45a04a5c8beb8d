//! Simulated time: an hour passes for everything that has a lifetime.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use wacore::types::events::Event;
use wagate_sandbox::phones::{ReadBehaviour, SettingsChange};
use wagate_sandbox::ports::{Phones, PortError};

use crate::client::{Client, read_qr};
use crate::raw::Raw;
use crate::{Lan, eventually};

const ALICE: &str = "4915800000001";
const BOB: &str = "4915800000002";
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn references_and_codes_expire() {
    let lan = Lan::start().await;
    let client = Client::with_code_for(&lan.sandbox, ALICE).await;
    let (reference, secret) = read_qr(&client.qr().await);
    let code = client
        .wait("pairing code", |event| match event {
            Event::PairingCode(code) => Some(code.code.clone()),
            _ => None,
        })
        .await;
    lan.sandbox.advance(HOUR).await.expect("advance");
    let network = lan.sandbox.network();
    let error = network.link_by_qr(ALICE, &reference, secret).await.expect_err("an old reference");
    assert!(matches!(&error, PortError::Refused(why) if why.contains("expired")), "{error}");
    let error = network.link_by_code(ALICE, &code).await.expect_err("an old code");
    assert!(matches!(error, PortError::NotFound(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn references_expire_one_after_the_other() {
    let lan = Lan::start().await;
    let (mut raw, _, references) = Raw::register(&lan.sandbox).await;
    assert_eq!(references.len(), 6);
    let network = lan.sandbox.network();
    // The companion answers nothing: a reference that is taken is refused for another reason.
    let mut expired = async |reference: &str| {
        let linking = network.link_by_qr(ALICE, reference, [7; 32]);
        tokio::select! {
            outcome = linking => {
                let error = outcome.expect_err("nobody countersigns");
                matches!(&error, PortError::Refused(why) if why.contains("expired"))
            }
            _ = raw.expect("pair-success", |node| node.get_optional_child("pair-success").is_some()) => false,
        }
    };
    // After 40, 65, 145 and 165 seconds; real time passes, too, and has a quarter of a minute.
    for (passing, dead) in [(40, 0), (25, 1), (80, 5), (20, 6)] {
        lan.sandbox.advance(Duration::from_secs(passing)).await.expect("advance");
        for (index, reference) in references.iter().enumerate() {
            if index == dead || index + 1 == dead {
                assert_eq!(expired(reference).await, index < dead, "reference {index} of {dead}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn media_tokens_expire() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let auth = client.wa().refresh_media_conn(true).await.expect("media_conn").auth;
    let token = URL_SAFE_NO_PAD.encode(Sha256::digest(b"body"));
    let url = format!("http://{}/mms/image/{token}?auth={auth}", lan.sandbox.media_http_addr());
    let upload = || async { reqwest::Client::new().post(&url).body("body").send().await.expect("post") };
    lan.sandbox.advance(5 * HOUR).await.expect("advance");
    assert_eq!(upload().await.status(), 200);
    lan.sandbox.advance(HOUR).await.expect("advance");
    assert_eq!(upload().await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_reads_later_reads_when_that_time_has_passed() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let slow = SettingsChange { read: Some(ReadBehaviour::AfterMs(3_600_000)), ..Default::default() };
    phones.change(BOB, slow).await.expect("change");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let before = wall_secs();
    let id = alice.say(BOB, "take your time").await;
    alice.receipt(&id, "Delivered").await;
    // The phone begins to wait after its delivery receipt, so one step may come too early.
    eventually("reading", || async {
        lan.sandbox.advance(HOUR).await.expect("advance");
        phones.message(BOB, &id).await.ok().filter(|m| m.status >= wagate_sandbox::phones::Status::Read)
    })
    .await;
    let read = alice.receipt(&id, "Read").await;
    assert!(read.timestamp.timestamp() >= before + 3600, "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_stays_ahead_over_a_restart() {
    let lan = Lan::start().await;
    let then = lan.sandbox.advance(24 * HOUR).await.expect("advance");
    assert!(then.cast_signed() >= wall_secs() + 24 * 3600);
    let lan = lan.restart().await;
    assert!(lan.sandbox.advance(Duration::ZERO).await.expect("advance") >= then);
}

/// Unix seconds of the wall clock.
fn wall_secs() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_secs().cast_signed()
}
