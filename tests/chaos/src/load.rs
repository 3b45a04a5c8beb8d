//! The callers: every chat's messages are accepted one after the other, all chats at the same time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use crate::{
    cast::Front,
    world::{Chat, World},
};

/// Requests under way at a time.
const AT_ONCE: usize = 32;
/// How long an api process may be silent before another is asked.
const SILENCE: Duration = Duration::from_secs(10);
/// Pause before a request is repeated.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a caller goes on asking. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(300);

/// A message that was answered with 202.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Its chat.
    pub(crate) chat: usize,
    /// Its place among the messages of its chat, from 0.
    pub(crate) place: usize,
    /// What it says.
    pub(crate) text: String,
    /// Our id of it.
    pub(crate) id: String,
    /// WhatsApp's id of it.
    pub(crate) stanza_id: String,
}

/// How the callers fared.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Requests that were repeated under the same idempotency key.
    pub(crate) again: AtomicUsize,
    /// Repeated requests that were given the first answer.
    pub(crate) replayed: AtomicUsize,
}

/// All callers.
pub(crate) struct Load {
    http: reqwest::Client,
    front: Front,
    callers: Vec<Caller>,
    tickets: Semaphore,
    window: usize,
    /// Messages the phones have shown.
    shown: watch::Receiver<usize>,
    /// Messages that were accepted.
    accepted: watch::Sender<usize>,
    pub(crate) asked: Asked,
}

struct Caller {
    chat: Chat,
    key: String,
    path: String,
}

impl Load {
    pub(crate) fn new(world: &World, window: usize, shown: watch::Receiver<usize>) -> Result<Arc<Self>> {
        let http = reqwest::Client::builder().timeout(SILENCE).build()?;
        let callers = world.chats.iter().map(|chat| {
            let session = &world.sessions[chat.session];
            Caller {
                chat: chat.clone(),
                key: world.tenants[session.tenant].key.clone(),
                path: format!("/api/v1/sessions/{}/messages", session.key.id),
            }
        });
        Ok(Arc::new(Self {
            http,
            front: world.cast.front.clone(),
            callers: callers.collect(),
            tickets: Semaphore::new(AT_ONCE),
            window,
            shown,
            accepted: watch::Sender::new(0),
            asked: Asked::default(),
        }))
    }

    /// How many messages were accepted, as it grows.
    pub(crate) fn accepted(&self) -> watch::Receiver<usize> {
        self.accepted.subscribe()
    }

    /// Sends everything; what was accepted.
    pub(crate) async fn run(&self) -> Result<Vec<Accepted>> {
        let chats: Vec<Vec<Accepted>> = stream::iter(0..self.callers.len())
            .map(|chat| self.speak(chat))
            .buffer_unordered(self.callers.len().max(1))
            .try_collect()
            .await?;
        Ok(chats.into_iter().flatten().collect())
    }

    /// One chat, message by message.
    async fn speak(&self, chat: usize) -> Result<Vec<Accepted>> {
        let mut accepted = Vec::new();
        let mut shown = self.shown.clone();
        for place in 0..self.callers[chat].chat.messages {
            let _ticket = self.tickets.acquire().await?;
            shown.wait_for(|shown| *self.accepted.borrow() < shown + self.window).await?;
            accepted.push(self.accept(chat, place).await?);
            self.accepted.send_modify(|count| *count += 1);
        }
        Ok(accepted)
    }

    /// Asks until the message is accepted: the next process when one is away, always under the same key.
    async fn accept(&self, chat: usize, place: usize) -> Result<Accepted> {
        let Caller { chat: Chat { to, session, .. }, key, path } = &self.callers[chat];
        let text = format!("session {session} chat {chat} message {place}");
        let message = json!({"to": to, "type": "text", "text": {"body": text}});
        let end = Instant::now() + PATIENCE;
        let mut turn = chat + place;
        loop {
            let refusal = match self.front.pick(turn) {
                None => "no api process listens".to_owned(),
                Some(front) => {
                    let request = self.http.post(format!("{front}{path}")).bearer_auth(key);
                    let request = request.header("Idempotency-Key", &text).json(&message);
                    match self.ask(request).await? {
                        Ok(answer) => return Ok(read(&answer, chat, place, text)),
                        Err(refusal) => refusal,
                    }
                }
            };
            if Instant::now() > end {
                bail!("{text} was never accepted; the last answer: {refusal}");
            }
            self.asked.again.fetch_add(1, Ordering::Relaxed);
            turn += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The answer, or why the request is to be repeated.
    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Result<Value, String>> {
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let Ok(text) = answer.text().await else { return Ok(Err("the answer broke off".to_owned())) };
        match status {
            202 => {
                if headers.contains_key("idempotent-replayed") {
                    self.asked.replayed.fetch_add(1, Ordering::Relaxed);
                }
                Ok(Ok(serde_json::from_str(&text)?))
            }
            409 | 429 | 500.. => Ok(Err(format!("{status} {text}"))),
            _ => bail!("a message was refused: {status} {text}"),
        }
    }
}

fn read(answer: &Value, chat: usize, place: usize, text: String) -> Accepted {
    let field = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    Accepted { chat, place, text, id: field("id"), stanza_id: field("stanza_id") }
}
