//! Channels and status.

use serde_json::{Value, json};
use wacore_binary::Jid;
use whatsapp_rust::{Client, NewsletterError, NewsletterRole, StatusSendOptions};

use super::super::{Ours, refusal};
use super::{failed, groups::jids};
use crate::client::Refusal;
use crate::{Said, What};

impl Ours {
    pub(super) async fn post_status(
        &self,
        client: &Client,
        to: &[String],
        said: &Said,
    ) -> Result<Value, Refusal> {
        let to = jids(to)?;
        // it posts to LIDs, which it learns by asking
        client.contacts().is_on_whatsapp(&to).await.map_err(failed)?;
        let (status, options) = (client.status(), StatusSendOptions::default());
        let sent = if let What::Revoke { of } = &said.what {
            status.revoke(of.as_str(), &to, options).await
        } else {
            let message = self.written(&Jid::status_broadcast(), said).await?;
            status.send_raw(message, &to, options).await
        };
        Ok(json!({ "id": sent.map_err(failed)?.message_id }))
    }
}

pub(super) async fn create(client: &Client, name: &str, description: &str) -> Result<Value, Refusal> {
    let made = client.newsletter().create(name, Some(description)).await.map_err(refused)?;
    Ok(json!({ "channel": made.jid.to_string() }))
}

pub(super) async fn describe(client: &Client, channel: &Jid) -> Result<Value, Refusal> {
    let found = client.newsletter().get_metadata(channel).await.map_err(refused)?;
    let role = match found.role {
        Some(NewsletterRole::Owner) => "owner",
        Some(NewsletterRole::Admin) => "admin",
        Some(NewsletterRole::Subscriber) => "subscriber",
        _ => "guest",
    };
    Ok(json!({
        "name": found.name,
        "description": found.description,
        "subscribers": found.subscriber_count,
        "role": role,
    }))
}

pub(super) async fn follow(client: &Client, channel: &Jid, on: bool) -> Result<Value, Refusal> {
    if on {
        client.newsletter().join(channel).await.map_err(refused)?;
    } else {
        client.newsletter().leave(channel).await.map_err(refused)?;
    }
    Ok(Value::Null)
}

pub(super) async fn rename(client: &Client, channel: &Jid, name: &str) -> Result<Value, Refusal> {
    client.newsletter().update(channel, Some(name), None).await.map_err(refused)?;
    Ok(Value::Null)
}

pub(super) async fn posts(client: &Client, channel: &Jid, count: u32) -> Result<Value, Refusal> {
    let posts = client.newsletter().get_messages(channel, count, None).await.map_err(refused)?;
    let posts: Vec<Value> = posts
        .iter()
        .map(|post| {
            let reactions: serde_json::Map<String, Value> =
                post.reactions.iter().map(|it| (it.code.clone(), json!(it.count))).collect();
            json!({ "id": post.message_id, "number": post.server_id, "reactions": reactions })
        })
        .collect();
    Ok(json!({ "posts": posts }))
}

pub(super) async fn react(
    client: &Client,
    channel: &Jid,
    number: u64,
    emoji: &str,
) -> Result<Value, Refusal> {
    client.newsletter().send_reaction(channel, number, emoji).await.map_err(refused)?;
    Ok(Value::Null)
}

fn refused(error: NewsletterError) -> Refusal {
    match error {
        NewsletterError::InvalidRequest(text) => refusal(text),
        other => failed(other),
    }
}
