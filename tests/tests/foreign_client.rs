//! The independent check: Baileys, which we did not write, on our network, talking with our gateway.
//! If our server and our client share a misreading of the protocol, this is what finds it. What clients do among
//! themselves is in `tests/conformance/`.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wagate_conformance::{Command, Event, File, Kind, NodeProcess, Person, Reached, What};
use wagate_tests::{Stack, eventually};

const SHOP: &str = "6281200000001";
const FOREIGN: &str = "4915112345678";
const CUSTOMER: &str = "6281234567890";

/// A 1 × 1 pixel PNG.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[tokio::test(flavor = "multi_thread")]
async fn baileys_pairs_and_exchanges_text_and_images_with_the_gateway() {
    let mut stack = Stack::sqlite().await;
    let shop = stack.phone(SHOP, "Toko").await;
    let (api, session) = (stack.api(), stack.linked(&shop).await);

    let owner = stack.phone(FOREIGN, "Erika").await;
    std::fs::create_dir_all(stack.scratch()).expect("a folder");
    let sandbox = stack.up().sandbox();
    let erika = Person::on(sandbox, FOREIGN, "Erika").await;
    let to_shop = format!("{SHOP}@s.whatsapp.net");
    let baileys = NodeProcess::start(Kind::Baileys7, sandbox, &stack.scratch()).client(&erika);
    baileys.ask(Command::Open).await;
    let qr = baileys
        .sees("a QR code", |event| match event {
            Event::Qr { qr } => Some(qr.clone()),
            _ => None,
        })
        .await;
    owner.scan(&qr).await;
    baileys.open().await;

    // text, both ways
    let id = api.text(&session, FOREIGN, "Guten Tag").await;
    let got = baileys.shows(&What::Text { body: "Guten Tag".to_owned() }).await;
    assert!(!got.from_me, "{got:?}");
    api.message_is(&id, "delivered").await;
    baileys.send(&to_shop, "Moin").await;
    let received = on_record(&stack, &session, |m| m["text"]["body"] == "Moin").await;
    assert_eq!(received["contact"]["pn"], FOREIGN, "{received}");

    // image, both ways, bytes compared
    let pixel = STANDARD.decode(PIXEL).expect("base64");
    let sha256 = hex::encode(Sha256::digest(&pixel));
    let file = File { sha256: sha256.clone(), size: pixel.len() as u64, mimetype: "image/png".to_owned() };
    let image = json!({"to": FOREIGN, "type": "image", "image": {"base64": PIXEL, "mimetype": "image/png", "caption": "a pixel"}});
    api.message(&session, &image).await;
    let got = baileys.shows(&What::Image { file: file.clone(), caption: "a pixel".to_owned() }).await;
    assert_eq!(baileys.ask(Command::Download { id: got.id }).await["sha256"], sha256.as_str());

    std::fs::write(stack.scratch().join(&sha256), &pixel).expect("a file");
    baileys.send(&to_shop, What::Image { file, caption: "back".to_owned() }).await;
    let received = on_record(&stack, &session, |m| m["type"] == "image").await;
    assert_eq!(received["image"]["caption"], "back", "{received}");
    let media = received["image"]["id"].as_str().expect("a media id").to_owned();
    let bytes = eventually("the image in S3", || async {
        let content = api.get(&format!("/api/v1/media/{media}/content")).await;
        (content.status == 200).then_some(content.bytes)
    })
    .await;
    assert_eq!(hex::encode(Sha256::digest(&bytes)), sha256);

    // and with a simulated phone, which the gateway has no part in
    let customer = stack.phone(CUSTOMER, "Ayu").await;
    let id = customer.write(FOREIGN, "halo").await;
    assert!(!baileys.gets(&id).await.from_me);
    let id = baileys.send(&format!("{CUSTOMER}@s.whatsapp.net"), "hallo").await;
    customer.shows_text("hallo").await;
    baileys.reaches(&id, Reached::Delivered).await;

    stack.stop().await;
}

async fn on_record(stack: &Stack, session: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    let api = stack.api();
    eventually("the message on record", || async {
        let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
        page["messages"].as_array()?.iter().find(|m| m["direction"] == "in" && is_it(m)).cloned()
    })
    .await
}
