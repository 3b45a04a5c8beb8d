//! What people do on their phones.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::sessions::SessionKey;
use wagate_sandbox::phones::{Outgoing, StoredMessage};

use super::{Rig, eventually};

impl Rig {
    /// Takes a phone off the network, or brings it back.
    pub(crate) async fn offline(&self, number: &str, offline: bool) {
        self.user(Method::PUT, number, "offline", json!({ "offline": offline })).await;
    }

    /// What a phone's user does, through the control API: below `/v1/phones/{number}/`. The answer's body.
    pub(crate) async fn user(&self, method: Method, number: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/v1/phones/{number}/{path}", self.sandbox.control_url());
        let asked = reqwest::Client::new().request(method, url).json(&body).send().await;
        let answer = asked.expect("the control API");
        let (status, text) = (answer.status(), answer.text().await.expect("an answer"));
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Posts for a phone's user.
    pub(crate) async fn does(&self, number: &str, path: &str, body: Value) -> Value {
        self.user(Method::POST, number, path, body).await
    }

    /// Writes anything from a phone; WhatsApp's id of it.
    pub(crate) async fn phone_sends(&self, from: &str, to: &str, content: Value) -> String {
        let sent = self.does(from, "messages", json!({ "to": to, "content": content })).await;
        sent["id"].as_str().expect("an id").to_owned()
    }

    /// Writes from a phone; returns WhatsApp's id.
    pub(crate) async fn phone_says(&self, from: &str, to: &str, text: &str) -> String {
        let outgoing = Outgoing { to: to.to_owned(), text: Some(text.to_owned()), ..Outgoing::default() };
        self.sandbox.phones().send(from, outgoing).await.expect("sent").id
    }

    /// Waits until a phone shows a message.
    pub(crate) async fn shown(&self, number: &str, id: &str) -> StoredMessage {
        eventually("the message on the phone", || async {
            self.sandbox.phones().message(number, id).await.ok()
        })
        .await
    }

    /// Makes sure that a phone exists.
    pub(crate) async fn phone(&self, number: &str) {
        self.sandbox.phones().register(number, None, Default::default()).await.expect("phone");
    }

    /// Scans the QR code on offer with a phone.
    pub(crate) async fn scan(&self, session: SessionKey, number: &str) {
        let code = self.qr(session).await;
        let (reference, secret) = read_qr(&code);
        self.sandbox.network().link_by_qr(number, &reference, secret).await.expect("link");
    }
}

/// Reference and ADV secret of a QR text.
fn read_qr(code: &str) -> (String, [u8; 32]) {
    let fields: Vec<&str> = code.rsplit('#').next().unwrap_or(code).split(',').collect();
    let secret = BASE64_STANDARD.decode(fields[3]).expect("base64");
    (fields[0].to_owned(), secret.try_into().expect("32 bytes"))
}
