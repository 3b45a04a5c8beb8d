//! The way of a message, as a user walks it with curl; on SQLite and on PostgreSQL.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wagate_tests::{Db, Stack, eventually};

const SHOP: &str = "6281200000001";
const CUSTOMER: &str = "6281234567890";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_out_and_its_reply_comes_back_on_sqlite() {
    out_and_back(Db::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_out_and_its_reply_comes_back_on_postgres() {
    out_and_back(Db::Postgres).await;
}

async fn out_and_back(db: Db) {
    let mut stack = Stack::start(db).await;
    let (shop, customer) = (stack.phone(SHOP, "Toko Kopi").await, stack.phone(CUSTOMER, "Ayu").await);
    let api = stack.api();
    let session = stack.linked(&shop).await;
    let linked = api.get(&format!("/api/v1/sessions/{session}")).await.expect(200).json();
    assert_eq!(linked["push_name"], "Toko Kopi");
    assert!(linked["lid"].as_str().is_some_and(|lid| !lid.is_empty()), "{linked}");

    // out: accepted → sending → sent → delivered → read, each with its time
    let id = api.text(&session, "+62 812-3456-7890", "Hello").await;
    let shown = customer.shows_text("Hello").await;
    assert_eq!(shown["undecryptable"], false, "{shown}");
    api.message_is(&id, "delivered").await;
    customer.read(SHOP).await;
    let read = api.message_is(&id, "read").await;
    let times: Vec<&str> = ["accepted", "sending", "sent", "delivered", "read"]
        .iter()
        .map(|step| read["times"][step].as_str().unwrap_or_else(|| panic!("no time of {step}: {read}")))
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(
        customer.inbox().await.iter().filter(|m| m["text"] == "Hello").count(),
        1,
        "shown exactly once"
    );

    // back: received, decrypted, stored, with direction and contact
    let reply = customer.write(SHOP, "Hi there!").await;
    let received = eventually("the reply on record", || async {
        let page = api
            .get(&format!("/api/v1/messages?session={session}&chat=%2B{CUSTOMER}"))
            .await
            .expect(200)
            .json();
        page["messages"].as_array()?.iter().find(|m| m["direction"] == "in").cloned()
    })
    .await;
    assert_eq!(received["text"]["body"], "Hi there!");
    assert_eq!(received["stanza_id"], reply.as_str());
    assert_eq!(received["contact"]["pn"], CUSTOMER, "{received}");
    assert!(received["contact"]["lid"].is_string(), "{received}");

    quote_and_mention(&stack, &session, received["id"].as_str().expect("an id")).await;
    pages(&stack, &session).await;
    stack.stop().await;
}

async fn quote_and_mention(stack: &Stack, session: &str, received: &str) {
    let (api, customer) = (stack.api(), stack.phone(CUSTOMER, "Ayu").await);
    let body = json!({
        "to": CUSTOMER, "type": "text", "text": {"body": "thanks @6281200000003"},
        "reply_to": received, "mentions": ["+6281200000003"],
    });
    api.message(session, &body).await;
    let shown = customer.shows_text("thanks @6281200000003").await;
    let quoted = api.get(&format!("/api/v1/messages/{received}")).await.expect(200).json();
    assert_eq!(shown["quoted_id"], quoted["stanza_id"], "{shown}");
    assert!(shown["mentions"].to_string().contains("6281200000003"), "{shown}");

    // and the other way: a reply typed on the phone quotes ours
    let ours = shown["id"].as_str().expect("an id");
    customer
        .write_message(&json!({"to": SHOP, "type": "text", "text": {"body": "welcome"}, "reply_to": ours}))
        .await;
    eventually("the quoting reply on record", || async {
        let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
        let found = page["messages"].as_array()?.iter().find(|m| m["text"]["body"] == "welcome").cloned()?;
        assert_eq!(found["quote"]["stanza_id"], ours, "{found}");
        Some(())
    })
    .await;
}

async fn pages(stack: &Stack, session: &str) {
    let api = stack.api();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/messages?session={session}&chat={CUSTOMER}&limit=1{cursor}");
        let page = api.get(&path).await.expect(200).json();
        let messages = page["messages"].as_array().expect("a list");
        assert!(messages.len() <= 1);
        seen.extend(messages.iter().map(|m| m["id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let distinct: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "no message twice");
    assert_eq!(seen.len(), 4, "every message once: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart_on_sqlite() {
    restart(Db::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart_on_postgres() {
    restart(Db::Postgres).await;
}

async fn restart(db: Db) {
    let mut stack = Stack::start(db).await;
    let session = {
        let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
        let session = stack.linked(&shop).await;
        let id = stack.api().text(&session, CUSTOMER, "before").await;
        customer.shows_text("before").await;
        stack.api().message_is(&id, "delivered").await;
        session
    };
    stack.restart().await;
    let (api, customer) = (stack.api(), stack.phone(CUSTOMER, "Ayu").await);
    api.session_in(&session, "connected").await;
    assert!(customer.inbox().await.iter().any(|m| m["text"] == "before"), "the phone kept its messages");
    let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
    assert_eq!(page["messages"][0]["text"]["body"], "before", "the record kept its messages");
    // the ratchets of both sides still fit
    api.text(&session, CUSTOMER, "after").await;
    customer.shows_text("after").await;
    customer.write(SHOP, "after, too").await;
    eventually("the answer after the restart", || async {
        let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
        page["messages"].as_array()?.iter().any(|m| m["text"]["body"] == "after, too").then_some(())
    })
    .await;
    assert!(customer.inbox().await.iter().all(|m| m["undecryptable"] == false));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_code_links_a_session() {
    let mut stack = Stack::sqlite().await;
    let (api, shop) = (stack.api(), stack.phone(SHOP, "Toko").await);
    let session = api.create_session().await;
    api.qr(&session).await;
    let path = format!("/api/v1/sessions/{session}/pairing-code");
    let offered = api.post(&path, &json!({"phone": format!("+{SHOP}")})).await.expect(200).json();
    shop.type_code(offered["code"].as_str().expect("a code")).await;
    let connected = api.session_in(&session, "connected").await;
    assert_eq!(connected["phone"], format!("+{SHOP}"));
    let qr = api.get(&format!("/api/v1/sessions/{session}/qr")).await.expect(409);
    assert_eq!(qr.json()["code"], "session_already_linked");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_until_its_session_is_linked() {
    let mut stack = Stack::sqlite().await;
    let (api, shop, customer) =
        (stack.api(), stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let session = api.create_session().await;
    let early = json!({"to": CUSTOMER, "type": "text", "text": {"body": "early"}});
    let accepted = api.post(&format!("/api/v1/sessions/{session}/messages"), &early).await.expect(202).json();
    assert!(accepted["note"].as_str().is_some_and(|note| note.contains("linked")), "{accepted}");
    let id = accepted["id"].as_str().expect("an id");
    // read-your-write: known at once, whether SQL has it yet or not
    assert_eq!(api.get(&format!("/api/v1/messages/{id}")).await.expect(200).json()["status"], "accepted");
    shop.scan(&api.qr(&session).await).await;
    customer.shows_text("early").await;
    api.message_is(id, "delivered").await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_keep_their_order_and_arrive_once() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    let sent: Vec<String> = (0..25).map(|n| format!("number {n}")).collect();
    for text in &sent {
        api.text(&session, CUSTOMER, text).await;
    }
    customer.shows_text("number 24").await;
    let shown: Vec<Value> = customer.inbox().await.iter().map(|m| m["text"].clone()).collect();
    assert_eq!(shown, sent.iter().map(|text| json!(text)).collect::<Vec<_>>());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logged_out_session_says_so_and_can_be_linked_again() {
    let mut stack = Stack::sqlite().await;
    let shop = stack.phone(SHOP, "Toko").await;
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    api.post(&format!("/api/v1/sessions/{session}/logout"), &json!({})).await;
    let out = api.session_in(&session, "logged_out").await;
    assert!(out["phone"].is_null(), "{out}");
    shop.scan(&api.qr(&session).await).await;
    api.session_in(&session, "connected").await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_session_cancels_what_waits_and_keeps_what_was_said() {
    let mut stack = Stack::sqlite().await;
    let (api, shop) = (stack.api(), stack.phone(SHOP, "Toko").await);
    let linked = stack.linked(&shop).await;
    let said = api.text(&linked, CUSTOMER, "said").await;
    api.message_is(&said, "delivered").await;
    let unlinked = api.create_session().await;
    let waits = api.text(&unlinked, CUSTOMER, "never").await;
    for session in [&linked, &unlinked] {
        api.delete(&format!("/api/v1/sessions/{session}")).await.expect(204);
        api.get(&format!("/api/v1/sessions/{session}")).await.expect(404);
        api.delete(&format!("/api/v1/sessions/{session}")).await.expect(404);
    }
    let cancelled = api.message_is(&waits, "cancelled").await;
    assert_eq!(cancelled["failure"]["code"], "session_deleted", "{cancelled}");
    assert_eq!(api.get(&format!("/api/v1/messages/{said}")).await.expect(200).json()["text"]["body"], "said");
    stack.stop().await;
}
