//! Baileys 6.17.16, which speaks the older dictionary: pairing, messages, media, queue, logout.

use serde_json::json;
use wacore_binary::Jid;
use wagate_sandbox::phones::{MediaKind, MediaUpload, Outgoing, Status, StoredMessage};
use wagate_sandbox::{Sandbox, ports::Phones};

use crate::baileys::Baileys;
use crate::client::Client;
use crate::{Lan, eventually};

const BOT: &str = "4915700000001";
const AYU: &str = "4915700000002";

fn pn(number: &str) -> String {
    format!("{number}@s.whatsapp.net")
}

/// A message as a phone shows it.
async fn shown(sandbox: &Sandbox, number: &str, id: &str) -> StoredMessage {
    let phones = sandbox.phones();
    let message = eventually("the message on the phone", || async {
        phones.message(number, id).await.ok().filter(|message| !message.undecryptable)
    });
    message.await
}

/// Makes a phone write; the id.
async fn write(sandbox: &Sandbox, from: &str, text: &str) -> String {
    sandbox.phones().ensure(from, None).await.expect("a phone");
    let outgoing = Outgoing { to: BOT.to_owned(), text: Some(text.to_owned()), ..Outgoing::default() };
    sandbox.phones().send(from, outgoing).await.expect("sent").id
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_pairs_by_qr_code_and_writes_with_a_phone() {
    let lan = Lan::start().await;
    lan.sandbox.phones().ensure(AYU, Some("Ayu@Home")).await.expect("ayu");
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;

    let id = bot.say(&pn(AYU), "halo dari bot").await;
    assert_eq!(shown(&lan.sandbox, AYU, &id).await.text.as_deref(), Some("halo dari bot"));
    // The own phone has its copy.
    assert_eq!(shown(&lan.sandbox, BOT, &id).await.chat, AYU);
    bot.status(&id, "delivered").await;
    lan.sandbox.phones().read_chat(AYU, BOT).await.expect("read");
    bot.status(&id, "read").await;

    let id = write(&lan.sandbox, AYU, "halo juga").await;
    let got = bot.text("halo juga").await;
    assert_eq!((&got["id"], &got["from"]), (&json!(id), &json!(pn(AYU))), "{got}");
    let phones = lan.sandbox.phones();
    let reached = |status| {
        let (phones, id) = (phones.clone(), id.clone());
        move || {
            let (phones, id) = (phones.clone(), id.clone());
            async move { (phones.message(AYU, &id).await.ok()?.status >= status).then_some(()) }
        }
    };
    eventually("the delivery receipt", reached(Status::Delivered)).await;
    bot.tell(json!({"do": "read", "key": got["key"]})).await;
    eventually("the read receipt", reached(Status::Read)).await;

    // What the own phone writes shows up at its companion.
    let outgoing = Outgoing { to: AYU.to_owned(), text: Some("dari HP".to_owned()), ..Outgoing::default() };
    phones.send(BOT, outgoing).await.expect("sent");
    let copy = bot.wait("the own phone's text", |line| line["text"] == "dari HP").await;
    assert_eq!((&copy["fromMe"], &copy["from"]), (&json!(true), &json!(pn(AYU))), "{copy}");
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_pairs_by_code() {
    let lan = Lan::start().await;
    let mut bot = Baileys::start(&lan.sandbox, tempfile::tempdir().expect("folder")).await;
    bot.wait_for("qr").await;
    bot.tell(json!({"do": "code", "number": BOT})).await;
    let code = bot.wait_for("code").await;
    let code = code["code"].as_str().expect("a code");
    let linked = eventually("pairing by code", || async {
        // The code is known to Baileys before its question has reached the server.
        lan.sandbox.network().link_by_code(BOT, code).await.ok()
    });
    assert_eq!(linked.await.device, 1);
    bot.ready(BOT).await;
    let id = bot.say(&pn(AYU), "paired").await;
    shown(&lan.sandbox, AYU, &id).await;
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_writes_with_a_companion_of_the_newer_dictionary() {
    let lan = Lan::start().await;
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;
    let ayu = Client::linked(&lan.sandbox, AYU).await;

    let id = bot.say(&pn(AYU), "first").await;
    assert_eq!(ayu.text("first").await.info.id, id);
    bot.status(&id, "delivered").await;
    for text in ["second", "third"] {
        let id = ayu.say(BOT, text).await;
        assert_eq!(bot.text(text).await["id"], json!(id));
        ayu.receipt_from(1, &id, "Delivered").await;
    }
    let id = bot.say(&pn(AYU), "fourth").await;
    assert_eq!(ayu.text("fourth").await.info.id, id);
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_sends_and_opens_pictures() {
    let lan = Lan::start().await;
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;
    let picture: Vec<u8> = (0..70_000_u32).map(|n| (n % 251) as u8).collect();
    let path = lan.folder.path().join("picture.png");
    std::fs::write(&path, &picture).expect("a file");

    let id = bot.show(&pn(AYU), &path, "from the bot").await;
    assert_eq!(shown(&lan.sandbox, AYU, &id).await.text.as_deref(), Some("from the bot"));
    let (media, body) = lan.sandbox.phones().media(AYU, &id).await.expect("opens");
    assert!(media.kind == MediaKind::Image && body == picture);

    let media = MediaUpload {
        kind: MediaKind::Image,
        mimetype: "image/png".to_owned(),
        file_name: None,
        body: picture.clone().into(),
    };
    let outgoing = Outgoing {
        to: BOT.to_owned(),
        text: Some("from the phone".to_owned()),
        media: Some(media),
        ..Outgoing::default()
    };
    lan.sandbox.phones().send(AYU, outgoing).await.expect("sent");
    let got = bot.wait("the picture", |line| line["image"].is_object()).await;
    use sha2::Digest;
    let sum = hex::encode(sha2::Sha256::digest(&picture));
    assert_eq!(got["image"], json!({"sha256": sum, "size": picture.len(), "caption": "from the phone"}));
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_comes_back_to_what_waited_and_logs_out() {
    let lan = Lan::start().await;
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;
    bot.tell(json!({"do": "leave"})).await;
    bot.wait_for("close").await;
    let folder = bot.quit().await;
    eventually("the socket's end", || async { (lan.sandbox.online() == 0).then_some(()) }).await;
    let texts = ["one", "two", "three"];
    for text in texts {
        write(&lan.sandbox, AYU, text).await;
    }

    let mut bot = Baileys::start(&lan.sandbox, folder).await;
    bot.wait_for("open").await;
    for text in texts {
        let got = bot.wait("what waited", |line| line["is"] == "message").await;
        assert_eq!((&got["text"], &got["offline"]), (&json!(text), &json!(true)), "{got}");
    }
    let id = bot.say(&pn(AYU), "back again").await;
    shown(&lan.sandbox, AYU, &id).await;

    bot.tell(json!({"do": "logout"})).await;
    eventually("unlinking", || async {
        lan.sandbox.network().companions(BOT).await.expect("companions").is_empty().then_some(())
    })
    .await;
    let folder = bot.quit().await;
    let mut bot = Baileys::start(&lan.sandbox, folder).await;
    let close = bot.wait_for("close").await;
    assert_eq!(close["code"], 401, "{close}");
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_sends_again_what_a_phone_cannot_open() {
    let lan = Lan::start().await;
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;
    let id = bot.say(&pn(AYU), "first").await;
    shown(&lan.sandbox, AYU, &id).await;
    // The answer ends the bot's pre-key phase: from now on only the ratchet can open its messages.
    write(&lan.sandbox, AYU, "noted").await;
    bot.text("noted").await;
    let file = lan.folder.path().join("sandbox").join("phones.db");
    let store = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(file));
    let store = store.await.expect("store");
    let lost =
        sqlx::query("DELETE FROM sessions WHERE pn = ?").bind(AYU).execute(&store).await.expect("deleted");
    assert!(lost.rows_affected() > 0);
    store.close().await;

    let id = bot.say(&pn(AYU), "second").await;
    assert_eq!(shown(&lan.sandbox, AYU, &id).await.text.as_deref(), Some("second"));
    let id = bot.say(&pn(AYU), "third").await;
    assert_eq!(shown(&lan.sandbox, AYU, &id).await.text.as_deref(), Some("third"));
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_asks_again_for_what_it_cannot_open() {
    let lan = Lan::start().await;
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;
    let id = bot.say(&pn(AYU), "first").await;
    shown(&lan.sandbox, AYU, &id).await;
    write(&lan.sandbox, AYU, "noted").await;
    bot.text("noted").await;
    let folder = bot.quit().await;
    let mut lost = 0;
    for file in std::fs::read_dir(folder.path()).expect("folder") {
        let file = file.expect("file");
        if file.file_name().to_string_lossy().starts_with(&format!("session-{AYU}")) {
            std::fs::remove_file(file.path()).expect("removed");
            lost += 1;
        }
    }
    assert!(lost > 0);

    let mut bot = Baileys::start(&lan.sandbox, folder).await;
    bot.wait_for("open").await;
    let id = write(&lan.sandbox, AYU, "once more").await;
    bot.wait("a failure", |line| line["is"] == "undecryptable" && line["id"] == id).await;
    assert_eq!(bot.text("once more").await["id"], json!(id));
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lid_in_front_of_the_phone_number_server_is_taken_for_a_lid() {
    let lan = Lan::start().await;
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;
    let ayu = Client::linked(&lan.sandbox, AYU).await;
    let lid = lan.sandbox.network().account(&Jid::pn(AYU)).await.expect("account").expect("ayu").lid;
    let before = lan.sandbox.phones().list("", 100).await.expect("phones").items.len();

    let id = bot.say(&pn(&lid), "to your LID").await;
    shown(&lan.sandbox, AYU, &id).await;
    assert_eq!(ayu.text("to your LID").await.info.id, id);
    let id = bot.say(&format!("{lid}@lid"), "and properly").await;
    assert_eq!(ayu.text("and properly").await.info.id, id);
    let after = lan.sandbox.phones().list("", 100).await.expect("phones").items.len();
    assert_eq!(before, after, "nobody was made");
    bot.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_asks_what_applications_ask() {
    let lan = Lan::start().await;
    let mut bot = Baileys::linked(&lan.sandbox, BOT).await;
    let phones = lan.sandbox.phones();
    phones.ensure(AYU, Some("Ayu")).await.expect("ayu");
    let ayu = pn(AYU);

    let found = bot.ask("onWhatsApp", json!([ayu])).await;
    assert_eq!(found, json!([{"jid": ayu, "exists": true}]));
    assert_eq!(bot.ask("fetchPrivacySettings", json!([true])).await["readreceipts"], "all");

    bot.ask("updateProfileStatus", json!(["Buka 24 jam"])).await;
    let status = bot.ask("fetchStatus", json!([pn(BOT)])).await;
    assert_eq!(status[0]["status"]["status"], "Buka 24 jam", "{status}");

    bot.ask("updateBlockStatus", json!([ayu, "block"])).await;
    let blocked = bot.ask("fetchBlocklist", json!([])).await;
    assert_eq!(blocked.as_array().map(Vec::len), Some(1), "{blocked}");
    bot.ask("updateBlockStatus", json!([ayu, "unblock"])).await;
    assert_eq!(bot.ask("fetchBlocklist", json!([])).await, json!([]));

    // App state: what it writes, another companion of the account can read.
    let before = lan.sandbox.network().app_state(BOT, "critical_block", 0).await.expect("app state").len();
    bot.ask("updateProfileName", json!(["Toko Baru"])).await;
    let after = lan.sandbox.network().app_state(BOT, "critical_block", 0).await.expect("app state").len();
    assert_eq!(after, before + 1);
    bot.ask("chatModify", json!([{"pin": true}, ayu])).await;
    let pinned = bot.wait("the pinned chat", |line| line["is"] == "chat" && line["pinned"].is_number()).await;
    assert_eq!(pinned["id"], json!(ayu), "{pinned}");
    let state = eventually("both on the phone", || async {
        let state = phones.app_state(BOT).await.expect("app state");
        state.chats.contains_key(AYU).then_some(state)
    })
    .await;
    assert_eq!(state.push_name.as_deref(), Some("Toko Baru"));
    assert!(state.chats[AYU].pinned.is_some());
    let errors = phones.client_errors(BOT, 0, 10).await.expect("errors").items;
    assert!(errors.is_empty(), "{errors:#?}");

    bot.ask("presenceSubscribe", json!([ayu])).await;
    phones.set_presence(AYU, true).await.expect("online");
    let here = |line: &serde_json::Value| {
        line["is"] == "presence" && line["presences"][&ayu]["lastKnownPresence"] == "available"
    };
    bot.wait("Ayu online", here).await;
    phones.type_in(AYU, BOT, true, false).await.expect("typing");
    let types = |line: &serde_json::Value| {
        line["is"] == "presence" && line["presences"][&ayu]["lastKnownPresence"] == "composing"
    };
    bot.wait("Ayu typing", types).await;
    bot.ask("sendPresenceUpdate", json!(["composing", ayu])).await;
    bot.quit().await;
}
