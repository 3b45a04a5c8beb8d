//! A client of the gateway's API, as plain as curl.

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::eventually;

/// The API with one key.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    key: String,
    http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is no JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| {
            panic!("{} is no JSON: {}", self.status, String::from_utf8_lossy(&self.bytes))
        })
    }

    /// This answer, which must have the status given.
    ///
    /// # Panics
    /// When it has another.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Api {
    /// The API at `base` (without a trailing slash) with a key; an empty key sends none.
    #[must_use]
    pub fn new(base: impl Into<String>, key: impl Into<String>) -> Self {
        Self { base: base.into(), key: key.into(), http: reqwest::Client::new() }
    }

    /// The same API with another key.
    #[must_use]
    pub fn with_key(&self, key: impl Into<String>) -> Self {
        Self { key: key.into(), ..self.clone() }
    }

    /// A request to be filled in by the caller.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.key.is_empty() { request } else { request.bearer_auth(&self.key) }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("the API answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, bytes: response.bytes().await.expect("a whole body").to_vec() }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// Lets a session send at this pace from now on.
    pub async fn pace(&self, session: &str, pacing: &Value) {
        self.patch(&format!("/api/v1/sessions/{session}"), &json!({ "pacing": pacing })).await.expect(200);
    }

    /// Where a message stands in its queue, once `is_it` holds for that; a message that waits nowhere is `null`.
    pub async fn waits(&self, id: &str, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{id} waits: {what}"), || async {
            let message = self.get(&format!("/api/v1/messages/{id}")).await.expect(200).json();
            Some(message["waiting"].clone()).filter(&is_it)
        })
        .await
    }

    /// Makes a session; its id.
    pub async fn create_session(&self) -> String {
        let session = self.post("/api/v1/sessions", &json!({})).await.expect(201).json();
        session["id"].as_str().expect("an id").to_owned()
    }

    /// The QR code on offer for a session, as soon as there is one.
    pub async fn qr(&self, session: &str) -> String {
        eventually("a QR code", || async {
            let answer = self.get(&format!("/api/v1/sessions/{session}/qr")).await;
            (answer.status == 200).then(|| answer.json()["code"].as_str().expect("a code").to_owned())
        })
        .await
    }

    /// Waits until a session is in a state; the session.
    pub async fn session_in(&self, session: &str, state: &str) -> Value {
        eventually(&format!("session {state}"), || async {
            let found = self.get(&format!("/api/v1/sessions/{session}")).await.expect(200).json();
            (found["state"] == state).then_some(found)
        })
        .await
    }

    /// Sends a text; the message's id.
    pub async fn text(&self, session: &str, to: &str, body: &str) -> String {
        self.message(session, &json!({"to": to, "type": "text", "text": {"body": body}})).await
    }

    /// Sends a message that must be accepted; its id.
    pub async fn message(&self, session: &str, message: &Value) -> String {
        let path = format!("/api/v1/sessions/{session}/messages");
        let accepted = self.post(&path, message).await.expect(202).json();
        accepted["id"].as_str().expect("an id").to_owned()
    }

    /// Waits until a message has a status; the message.
    pub async fn message_is(&self, id: &str, status: &str) -> Value {
        eventually(&format!("message {id} {status}"), || async {
            let message = self.get(&format!("/api/v1/messages/{id}")).await.expect(200).json();
            assert!(status == "failed" || message["status"] != "failed", "failed: {message}");
            (message["status"] == status).then_some(message)
        })
        .await
    }
}
