//! `<message>` to a channel: posts, edits, revocations and reactions.

use anyhow::{Context, Result};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::post::Change;
use super::stanzas::delivery;
use super::{Place, jid_of, number_of};
use crate::nodes::{blob, is, number, text};
use crate::router::Exchange;
use crate::state::{DedupeKey, Entry, NewPost, Post, Role};

/// Refusal: the stanza lacks what it needs.
const MALFORMED: u16 = 400;
/// Refusal: the account may not do this here.
const NOT_ALLOWED: u16 = 403;
/// Refusal: there is no such channel or post.
const NOT_FOUND: u16 = 404;
/// Refusal: the network's store failed.
const STORE_FAILED: u16 = 500;

impl Exchange {
    /// Handles a message whose `to` is a channel.
    pub(crate) async fn channel_message(&self, node: &Node, to: &Jid) -> Result<()> {
        let place = match number_of(to) {
            Some(channel) => self.core.channel_place(channel, self.origin.account.pn).await?,
            None => None,
        };
        let refusal = match place {
            None => Some(NOT_FOUND),
            Some(place) if is(node, "type", "reaction") => self.react_to_post(node, &place).await?,
            Some(place) if place.has(Role::Admin) => self.change_post(node, &place).await?,
            Some(_) => Some(NOT_ALLOWED),
        };
        if let Some(code) = refusal {
            self.answer(node, Some(code));
        }
        Ok(())
    }

    /// Publishes, edits or revokes; a refusal is the answer, success is acknowledged here.
    async fn change_post(&self, node: &Node, place: &Place) -> Result<Option<u16>> {
        let Some(id) = text(node, "id") else { return Ok(Some(MALFORMED)) };
        let Some(change) = Change::read(node, &id)? else { return Ok(Some(MALFORMED)) };
        let channel = place.channel.id;
        let state = &self.core.state;
        let _order = self.core.channels.order.lock().await;
        let post = match change {
            Change::Publish(body) => {
                let author = self.origin.account.pn;
                let new = NewPost { channel, id, body, author, time: self.core.clock.unix_secs() };
                Some(state.publish(new).await?)
            }
            Change::Edit { id, body } => {
                state.edit_post(channel, id, Some(body), self.core.clock.unix_millis()).await?
            }
            Change::Revoke { id } => {
                state.edit_post(channel, id, None, self.core.clock.unix_millis()).await?
            }
        };
        let Some(post) = post else { return Ok(Some(NOT_FOUND)) };
        self.deliver_post(node, channel, &post).await?;
        if post.edits > 0 {
            self.core.push_live(channel, post.server_id, None).await?;
        }
        Ok(None)
    }

    /// Acknowledges a post and queues it for every other device of everybody who follows the
    /// channel. A stanza that is sent again finds its deliveries made, or makes what is missing.
    async fn deliver_post(&self, node: &Node, channel: u64, post: &Post) -> Result<()> {
        let jid = jid_of(channel);
        let (for_others, for_author) = (delivery(&jid, post, false)?, delivery(&jid, post, true)?);
        let mut entries = Vec::new();
        for member in self.core.state.channel_members(channel).await? {
            let Some(account) = self.core.by_number(member.pn).await? else { continue };
            let stanza = if member.pn == post.author { &for_author } else { &for_others };
            for device in account.devices() {
                let key = account.key(device);
                if key != self.origin.key() {
                    let dedupe = DedupeKey::new(self.origin.key(), &post.id, key, post.edits);
                    entries.push(Entry::new(key, stanza, Some(dedupe))?);
                }
            }
        }
        let replies = self.replies.clone();
        let mut accepted = self.core.ack(node, None);
        accepted.attrs.insert("server_id", post.server_id);
        let failed = self.core.ack(node, Some(STORE_FAILED));
        self.core.enqueue(entries, move |stored| replies.send(if stored { accepted } else { failed })).await
    }

    /// Sets a reaction, or removes it when the stanza names none.
    async fn react_to_post(&self, node: &Node, place: &Place) -> Result<Option<u16>> {
        if place.member.is_none() {
            return Ok(Some(NOT_ALLOWED));
        }
        let Some(server_id) = number(node, "server_id") else { return Ok(Some(MALFORMED)) };
        let Some(reaction) = node.get_optional_child("reaction") else { return Ok(Some(MALFORMED)) };
        let code = text(reaction, "code");
        let (channel, own) = (place.channel.id, self.origin.account.pn);
        if !self.core.state.react(channel, server_id, own, code.clone(), self.core.clock.unix_secs()).await? {
            return Ok(Some(NOT_FOUND));
        }
        self.answer(node, None);
        let event = code.map(|code| {
            let reaction = blob("reaction", code);
            NodeBuilder::new("reaction").attr("message_id", server_id).children([reaction]).build()
        });
        self.core.push_live(channel, server_id, event).await?;
        Ok(None)
    }
}

impl crate::core::Core {
    /// A channel as an account finds it; `None` when it does not exist.
    pub(crate) async fn channel_place(&self, channel: u64, pn: u64) -> Result<Option<Place>> {
        let Some(channel) = self.state.channel(channel).await.context("read a channel")? else {
            return Ok(None);
        };
        let member = self.state.channel_member(channel.id, pn).await?;
        Ok(Some(Place { channel, member }))
    }
}
