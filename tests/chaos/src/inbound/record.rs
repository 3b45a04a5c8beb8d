//! What the API shows of what came in.

use anyhow::Result;
use serde_json::Value;

use crate::world::World;

/// An event on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Its workspace.
    pub(super) tenant: usize,
    /// Its id.
    pub(super) event: String,
    /// Its session.
    pub(super) session: String,
    /// WhatsApp's id of the message.
    pub(super) stanza_id: String,
}

/// A message on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its session.
    pub(super) session: String,
    /// WhatsApp's id of it.
    pub(super) stanza_id: String,
    /// What it says.
    pub(super) text: String,
}

/// How a webhook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stats {
    pub(super) enabled: bool,
    pub(super) delivered: u64,
    pub(super) failed: u64,
    pub(super) waiting: u64,
    pub(super) behind: u64,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Every event of the type `message.received`, tenant by tenant.
pub(super) async fn told(world: &World) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for tenant in 0..world.tenants.len() {
        let (api, mut after) = (world.api(tenant)?, String::new());
        loop {
            let path = format!("/api/v1/events?type=message.received&limit=500{after}");
            let page = api.get(&path).await.expect(200).json();
            let Some(events) = page["events"].as_array().filter(|events| !events.is_empty()) else { break };
            told.extend(events.iter().map(|event| Told {
                tenant,
                event: text(&event["id"]),
                session: text(&event["session"]),
                stanza_id: text(&event["data"]["message"]["stanza_id"]),
            }));
            after = format!("&after={}", text(&page["next_cursor"]));
        }
    }
    Ok(told)
}

/// Every inbound message, session by session.
pub(super) async fn listed(world: &World) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    for session in &world.sessions {
        let (api, id) = (world.api(session.tenant)?, session.key.id.to_string());
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/messages?session={id}&order=asc&limit=200{cursor}");
            let page = api.get(&path).await.expect(200).json();
            let inbound = page["messages"].as_array().into_iter().flatten();
            listed.extend(inbound.filter(|message| message["direction"] == "in").map(|message| Listed {
                session: text(&message["session"]),
                stanza_id: text(&message["stanza_id"]),
                text: text(&message["text"]["body"]),
            }));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    Ok(listed)
}

/// How the webhooks do, by tenant.
pub(super) async fn stats(world: &World, webhooks: &[String]) -> Result<Vec<Stats>> {
    let mut stats = Vec::new();
    for (tenant, id) in webhooks.iter().enumerate() {
        let api = world.api(tenant)?;
        let webhook = api.get(&format!("/api/v1/webhooks/{id}")).await.expect(200).json();
        let shown = api.get(&format!("/api/v1/webhooks/{id}/stats")).await.expect(200).json();
        // what is not a number is not told, and is found as the worst there is
        let count = |name: &str| shown[name].as_u64().unwrap_or(u64::MAX);
        stats.push(Stats {
            enabled: webhook["enabled"] == true,
            delivered: count("delivered"),
            failed: count("failed"),
            waiting: count("waiting"),
            behind: count("behind"),
        });
    }
    Ok(stats)
}
