//! The independent check: Baileys, which we did not write, on our network, talking with our gateway.
//! If our server and our client share a misreading of the protocol, this is what finds it.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wagate_tests::{Baileys, Stack, eventually};

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
    let mut baileys =
        Baileys::start(&sandbox.wire_url(), sandbox.ca_pem_path(), &stack.scratch().join("baileys"));
    let qr = baileys.wait_for("qr").await;
    owner.scan(qr["qr"].as_str().expect("a code")).await;
    let open = baileys.wait_for("open").await;
    assert!(open["id"].as_str().is_some_and(|id| id.starts_with(FOREIGN)), "{open}");

    // text, both ways
    let id = api.text(&session, FOREIGN, "Guten Tag").await;
    let got = baileys.wait("the text", |line| line["is"] == "message" && line["text"] == "Guten Tag").await;
    assert_eq!(got["fromMe"], false);
    api.message_is(&id, "delivered").await;
    baileys.command(&json!({"do": "text", "to": format!("{SHOP}@s.whatsapp.net"), "text": "Moin"})).await;
    let received = on_record(&stack, &session, |m| m["text"]["body"] == "Moin").await;
    assert_eq!(received["contact"]["pn"], FOREIGN, "{received}");

    // image, both ways, bytes compared
    let pixel = STANDARD.decode(PIXEL).expect("base64");
    let sum = hex::encode(Sha256::digest(&pixel));
    let image = json!({"to": FOREIGN, "type": "image", "image": {"base64": PIXEL, "mimetype": "image/png", "caption": "a pixel"}});
    api.message(&session, &image).await;
    let got = baileys.wait("the image", |line| line["image"].is_object()).await;
    assert_eq!(
        (&got["image"]["sha256"], &got["image"]["caption"]),
        (&json!(sum), &json!("a pixel")),
        "{got}"
    );

    let path = stack.scratch().join("pixel.png");
    std::fs::write(&path, &pixel).expect("a file");
    baileys
        .command(
            &json!({"do": "image", "to": format!("{SHOP}@s.whatsapp.net"), "path": path, "caption": "back"}),
        )
        .await;
    let received = on_record(&stack, &session, |m| m["type"] == "image").await;
    assert_eq!(received["image"]["caption"], "back", "{received}");
    let media = received["image"]["id"].as_str().expect("a media id").to_owned();
    let bytes = eventually("the image in S3", || async {
        let content = api.get(&format!("/api/v1/media/{media}/content")).await;
        (content.status == 200).then_some(content.bytes)
    })
    .await;
    assert_eq!(hex::encode(Sha256::digest(&bytes)), sum);

    // and with a simulated phone, which the gateway has no part in
    let customer = stack.phone(CUSTOMER, "Ayu").await;
    customer.write(FOREIGN, "halo").await;
    let got =
        baileys.wait("the phone's text", |line| line["is"] == "message" && line["text"] == "halo").await;
    assert_eq!(got["fromMe"], false);
    baileys
        .command(&json!({"do": "text", "to": format!("{CUSTOMER}@s.whatsapp.net"), "text": "hallo"}))
        .await;
    customer.shows_text("hallo").await;

    baileys.quit().await;
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
