//! What is judged: the phones' inboxes, what the API says, and what Redis still keeps.

use std::collections::HashMap;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use wagate_domain::ports::{EventLog, Group};
use wagate_infra::redis::{Census, RedisLog};

use crate::{wait::until_still, world::World};

/// A message on a phone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Shown {
    /// Order in which the phones saw their messages.
    pub(crate) seq: i64,
    /// Number of the phone.
    pub(crate) phone: String,
    /// Number of the author.
    pub(crate) from: String,
    /// Place in the chat.
    pub(crate) position: i64,
    /// WhatsApp's id.
    pub(crate) id: String,
    /// What it says.
    pub(crate) text: Option<String>,
    /// Whether it could never be decrypted.
    pub(crate) undecryptable: bool,
    /// Stanzas of it that could not be decrypted.
    pub(crate) retries: u32,
    /// Stanzas of it beyond the one shown.
    pub(crate) duplicates: u32,
}

/// Everything on the phones, in the order in which it was shown.
pub(crate) async fn inboxes(world: &World) -> Result<Vec<Shown>> {
    let mut shown: Vec<Shown> = Vec::new();
    loop {
        let page = inbox(world, shown.last().map_or(0, |last| last.seq)).await?;
        if page.is_empty() {
            return Ok(shown);
        }
        shown.extend(page);
    }
}

/// The next ones on the phones after a place in their order; none at the end.
pub(crate) async fn inbox(world: &World, after: i64) -> Result<Vec<Shown>> {
    let page = world.control.get(&format!("/v1/inbox?limit=10000&after={after}")).await.expect(200).json();
    Ok(Vec::deserialize(&page["items"])?)
}

/// Messages that reached the network again under their id; it passes them on to nobody.
pub(crate) async fn repeated(world: &World) -> Result<usize> {
    let totals = world.control.get("/v1/inbox/totals").await.expect(200).json();
    Ok(usize::try_from(totals["repeated"].as_u64().unwrap_or_default())?)
}

/// What the API says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// `sent`, `delivered` …
    pub(crate) status: String,
    /// Code of the failure.
    pub(crate) failure: Option<String>,
}

/// What the API says of every message it lists, by id. One listed twice is given as `listed twice`.
pub(crate) async fn statuses(world: &World) -> Result<HashMap<String, Said>> {
    let mut said = HashMap::new();
    for session in &world.sessions {
        let api = world.api(session.tenant)?;
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/messages?session={}&limit=200{cursor}", session.key.id);
            let page = api.get(&path).await.expect(200).json();
            for message in page["messages"].as_array().into_iter().flatten() {
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let status = text(&message["status"]).unwrap_or_default();
                let failure = text(&message["failure"]["code"]);
                let id = text(&message["id"]).unwrap_or_default();
                let known = said.insert(id.clone(), Said { status, failure });
                if known.is_some() {
                    said.insert(id, Said { status: "listed twice".to_owned(), failure: None });
                }
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    Ok(said)
}

/// What Redis keeps once the lanes are empty, everything is read, and every life that has an end has ended.
pub(crate) async fn leftovers(world: &World, base: &Census) -> Result<Census> {
    let log = RedisLog::new(world.redis.clone());
    until_still(async || {
        let (lag, now) = (log.lag(Group::Store).await?, world.redis.census().await?);
        let done = lag == 0 && now.lasting.iter().all(|key| base.lasting.contains(key));
        Ok((done, (lag, now.lasting)))
    })
    .await?;
    log.trim().await?;
    world.redis.let_time_pass().await?;
    Ok(world.redis.census().await?)
}
