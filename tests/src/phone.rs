//! A simulated phone, held through the sandbox's control API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Api, eventually};

/// One phone of the sandbox.
#[derive(Debug, Clone)]
pub struct Phone {
    control: Api,
    /// Its number, digits.
    pub number: String,
}

impl Phone {
    /// The phone of this number (made when it does not exist).
    ///
    /// # Panics
    /// When the control API refuses it.
    pub async fn new(control_url: &str, number: &str, push_name: &str) -> Self {
        let control = Api::new(control_url, "");
        let made = control.post("/v1/phones", &json!({"number": number, "push_name": push_name})).await;
        assert!(matches!(made.status, 200 | 201 | 409), "{}", String::from_utf8_lossy(&made.bytes));
        Self { control, number: number.to_owned() }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/phones/{}{rest}", self.number)
    }

    async fn post(&self, rest: &str, body: &Value) -> Value {
        let answer = self.control.post(&self.path(rest), body).await;
        assert!(answer.status < 300, "{rest}: {} {}", answer.status, String::from_utf8_lossy(&answer.bytes));
        if answer.bytes.is_empty() { Value::Null } else { answer.json() }
    }

    /// What its user does, at a path below its own; the answer.
    ///
    /// # Panics
    /// When the control API refuses it.
    pub async fn does(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.control.request(method, &self.path(path));
        let answer = self.control.send(request.json(body)).await;
        assert!(answer.status < 300, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.bytes));
        if answer.bytes.is_empty() { Value::Null } else { answer.json() }
    }

    /// Restricts the account as WhatsApp does; when that ends (RFC 3339).
    ///
    /// # Panics
    /// When the control API refuses it.
    pub async fn restrict(&self, kind: &str, body: &Value) -> String {
        let request = self.control.request(Method::PUT, &self.path(&format!("/restrictions/{kind}")));
        let answer = self.control.send(request.json(body)).await.expect(200).json();
        let items = answer["items"].as_array().expect("a list").clone();
        let restriction = items.into_iter().find(|item| item["kind"] == kind).expect("the restriction");
        restriction["ends"].as_str().expect("an end").to_owned()
    }

    /// Ends a restriction early.
    ///
    /// # Panics
    /// When there is none.
    pub async fn lift(&self, kind: &str) {
        self.control.delete(&self.path(&format!("/restrictions/{kind}"))).await.expect(204);
    }

    /// Scans a QR code.
    pub async fn scan(&self, qr: &str) {
        self.post("/scan", &json!({"qr": qr})).await;
    }

    /// Types a pairing code.
    pub async fn type_code(&self, code: &str) {
        self.post("/pairing-code", &json!({"code": code})).await;
    }

    /// Everything shown on the phone, once per message id.
    ///
    /// # Panics
    /// When the control API answers something else.
    pub async fn inbox(&self) -> Vec<Value> {
        let inbox = self.control.get(&self.path("/inbox")).await.expect(200).json();
        inbox["messages"].as_array().or_else(|| inbox["items"].as_array()).expect("a list").clone()
    }

    /// Waits for a message in the inbox.
    pub async fn shows(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("the phone shows {what}"), || async {
            self.inbox().await.into_iter().find(|message| is_it(message))
        })
        .await
    }

    /// Waits for a text.
    pub async fn shows_text(&self, text: &str) -> Value {
        self.shows(text, |message| message["text"] == text).await
    }

    /// Writes a text; the message's id.
    ///
    /// # Panics
    /// When the control API gives no id.
    pub async fn write(&self, to: &str, text: &str) -> String {
        self.write_message(&json!({"to": to, "type": "text", "text": {"body": text}})).await
    }

    /// Writes any message; its id.
    ///
    /// # Panics
    /// When the control API gives no id.
    pub async fn write_message(&self, message: &Value) -> String {
        self.post("/messages", message).await["id"].as_str().expect("an id").to_owned()
    }

    /// Reads everything in a chat.
    pub async fn read(&self, peer: &str) {
        self.post(&format!("/chats/{peer}/read"), &json!({})).await;
    }

    /// Types in a chat.
    pub async fn types(&self, peer: &str) {
        self.post(&format!("/chats/{peer}/typing"), &json!({})).await;
    }

    /// The decrypted media of a message.
    pub async fn media(&self, id: &str) -> Answer {
        self.control
            .send(self.control.request(Method::GET, &self.path(&format!("/messages/{id}/media"))))
            .await
    }

    /// Messages of a chat.
    ///
    /// # Panics
    /// When the control API answers something else.
    pub async fn chat(&self, peer: &str) -> Vec<Value> {
        let chat = self.control.get(&self.path(&format!("/chats/{peer}/messages"))).await.expect(200).json();
        chat["messages"].as_array().or_else(|| chat["items"].as_array()).expect("a list").clone()
    }
}
