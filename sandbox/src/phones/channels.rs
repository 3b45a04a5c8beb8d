//! What a phone's user does with channels beyond posting: make, find, follow, change, look back.

use serde_json::{Value, json};
use wacore::iq::mex_operations as queries;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeContent};

use super::Simulated;
use super::account::Phone;
use super::content::Content;
use super::profile::ask_for;
use crate::ports::{PortError, PortResult};

/// Posts looked through for the number of one.
const SEARCHED: u32 = 300;

/// A channel as a phone sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCard {
    /// Its JID.
    pub jid: String,
    /// Shown name.
    pub name: String,
    /// Shown description; empty when there is none.
    pub description: String,
    /// Code that finds it.
    pub invite: String,
    /// `owner`, `admin`, `subscriber` or `guest`.
    pub role: String,
    /// Followers, the owner included.
    pub subscribers: u64,
    /// Direct path of its picture.
    pub picture: Option<String>,
}

/// A post of a channel's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPost {
    /// Stanza id.
    pub id: String,
    /// Number in the channel, from 100.
    pub server_id: u64,
    /// Unix seconds.
    pub time: i64,
    /// `text`, `media`, `poll_creation`, `revoke`, …
    pub kind: String,
    /// Text or caption.
    pub text: Option<String>,
    /// Whether this account wrote it.
    pub own: bool,
    /// Reactions and how many gave them.
    pub reactions: Vec<(String, u64)>,
    /// Accounts that have seen it.
    pub views: u64,
}

impl Simulated {
    /// Makes a channel that the phone owns.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn create_channel(&self, pn: &str, name: &str, description: &str) -> PortResult<ChannelCard> {
        let input = json!({ "input": { "name": name, "description": description } });
        self.graph(pn, queries::create_newsletter::DOC_ID, input).await.and_then(|channel| card(&channel))
    }

    /// A channel by JID or by invite code.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or channel.
    pub async fn channel(&self, pn: &str, which: &str) -> PortResult<ChannelCard> {
        let kind = if which.contains('@') { "JID" } else { "INVITE" };
        let input = json!({ "input": { "key": which, "type": kind } });
        self.graph(pn, queries::fetch_newsletter::DOC_ID, input).await.and_then(|channel| card(&channel))
    }

    /// Channels that the phone follows.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn channels(&self, pn: &str) -> PortResult<Vec<ChannelCard>> {
        let list = self.graph(pn, queries::fetch_all_newsletters_metadata::DOC_ID, json!({})).await?;
        let Value::Array(list) = list else { return Ok(Vec::new()) };
        list.iter().map(card).collect()
    }

    /// Follows a channel, or ceases to.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or channel, `Refused` when its owner would leave.
    pub async fn follow_channel(&self, pn: &str, channel: &str, follows: bool) -> PortResult<()> {
        let query =
            if follows { queries::join_newsletter::DOC_ID } else { queries::leave_newsletter::DOC_ID };
        self.graph(pn, query, json!({ "newsletter_id": channel })).await.map(drop)
    }

    /// Changes name and description; what is `None` stays.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or channel, `Refused` when it is not the phone's.
    pub async fn change_channel(
        &self,
        pn: &str,
        channel: &str,
        name: Option<&str>,
        description: Option<&str>,
    ) -> PortResult<ChannelCard> {
        let updates = json!({ "name": name, "description": description });
        let variables = json!({ "newsletter_id": channel, "updates": updates });
        self.graph(pn, queries::update_newsletter::DOC_ID, variables).await.and_then(|channel| card(&channel))
    }

    /// Deletes a channel for everybody.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or channel, `Refused` when it is not the phone's.
    pub async fn delete_channel(&self, pn: &str, channel: &str) -> PortResult<()> {
        let variables = json!({ "newsletter_id": channel });
        self.graph(pn, queries::delete_newsletter::DOC_ID, variables).await.map(drop)
    }

    /// The newest posts of a channel, oldest first; those in front of a number when one is given.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone or channel.
    pub async fn channel_posts(
        &self,
        pn: &str,
        channel: &str,
        count: u32,
        before: Option<u64>,
    ) -> PortResult<Vec<ChannelPost>> {
        let channel: Jid =
            channel.parse().map_err(|_| PortError::NotFound(format!("no channel {channel}")))?;
        let asked = NodeBuilder::new("messages").attr("count", count);
        let asked = before.into_iter().fold(asked, |asked, before| asked.attr("before", before));
        let iq = NodeBuilder::new("iq").attr("type", "get").attr("xmlns", "newsletter").attr("to", channel);
        let answer = self.ask(pn, iq.children([asked.build()])).await?;
        let list = answer.get_optional_child("messages");
        Ok(list.into_iter().flat_map(|list| list.get_children_by_tag("message")).filter_map(post).collect())
    }

    /// Number of a post in its channel.
    pub(super) async fn server_id_of(&self, phone: &Phone, channel: &Jid, id: &str) -> PortResult<u64> {
        let posts = self.channel_posts(phone.pn(), &channel.to_string(), SEARCHED, None).await?;
        let post = posts.into_iter().find(|post| post.id == id);
        post.map(|post| post.server_id)
            .ok_or_else(|| PortError::NotFound(format!("no post {id} in {channel}")))
    }

    /// Runs a GraphQL query; the answer is the one member of its data.
    async fn graph(&self, pn: &str, query: &'static str, variables: Value) -> PortResult<Value> {
        let json = json!({ "variables": variables }).to_string().into_bytes();
        let query = NodeBuilder::new("query").attr("query_id", query).bytes(json).build();
        let answer = self.ask(pn, ask_for("get", "w:mex").children([query])).await?;
        let result = match answer.get_optional_child("result").and_then(|node| node.content.as_ref()) {
            Some(NodeContent::Bytes(bytes)) => serde_json::from_slice(bytes).unwrap_or_default(),
            _ => Value::Null,
        };
        let error = &result["errors"][0];
        if !error.is_null() {
            let message = error["message"].as_str().unwrap_or_default().to_owned();
            return Err(match error["extensions"]["error_code"].as_u64() {
                Some(404) => PortError::NotFound(message),
                _ => PortError::Refused(message),
            });
        }
        let data = result["data"].as_object().and_then(|data| data.values().next());
        data.cloned().ok_or_else(|| PortError::Internal(anyhow::anyhow!("an answer without data")))
    }
}

fn card(channel: &Value) -> PortResult<ChannelCard> {
    let thread = &channel["thread_metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(ChannelCard {
        jid: text(&channel["id"]),
        name: text(&thread["name"]["text"]),
        description: text(&thread["description"]["text"]),
        invite: text(&thread["invite"]),
        role: text(&channel["viewer_metadata"]["role"]),
        subscribers: text(&thread["subscribers_count"]).parse().map_err(anyhow::Error::from)?,
        picture: thread["picture"]["direct_path"].as_str().map(ToOwned::to_owned),
    })
}

fn post(node: &Node) -> Option<ChannelPost> {
    let mut attrs = node.attrs();
    let raw = match node.get_optional_child("plaintext").and_then(|plaintext| plaintext.content.as_ref()) {
        Some(NodeContent::Bytes(bytes)) => &bytes[..],
        _ => &[],
    };
    let message = waproto::codec::message_decode(raw).ok()?;
    let reactions = node.get_optional_child("reactions");
    let reactions = reactions.into_iter().flat_map(|list| list.get_children_by_tag("reaction"));
    let views = node.get_optional_child("views_count");
    Some(ChannelPost {
        id: attrs.optional_string("id")?.into_owned(),
        server_id: attrs.optional_u64("server_id")?,
        time: attrs.optional_unix_time("t")?,
        kind: attrs.optional_string("type")?.into_owned(),
        text: Content::of(&message, raw).and_then(|content| content.text),
        own: attrs.optional_string("is_sender").is_some_and(|own| own == "true"),
        reactions: reactions
            .filter_map(|reaction| {
                let mut attrs = reaction.attrs();
                Some((attrs.optional_string("code")?.into_owned(), attrs.optional_u64("count")?))
            })
            .collect(),
        views: views.and_then(|views| views.attrs().optional_u64("count")).unwrap_or_default(),
    })
}
