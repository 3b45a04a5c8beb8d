//! The phones that write to the linked accounts: every chat's messages one after the other, chats at the same time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use serde_json::json;
use tokio::sync::{Semaphore, watch};

use crate::{
    settings::Size,
    world::{Recipient, World},
};

/// Phones that write at the same moment.
const AT_ONCE: usize = 8;

/// A message that a phone wrote and the network took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its chat.
    pub(crate) chat: usize,
    /// Its place among what the phone wrote in this chat, from 0.
    pub(crate) place: usize,
    /// The workspace whose webhook is told.
    pub(crate) tenant: usize,
    /// The session it is written to.
    pub(crate) session: String,
    /// WhatsApp's id of it.
    pub(crate) stanza_id: String,
    /// What it says.
    pub(crate) text: String,
    /// When it left the phone.
    pub(crate) at: Instant,
}

/// All phones that write.
pub(super) struct Writers {
    world: Arc<World>,
    size: Size,
    /// Chats in which somebody writes, and how much.
    chats: Vec<(usize, usize)>,
    begun: AtomicUsize,
    tickets: Semaphore,
}

impl Writers {
    pub(super) fn new(world: Arc<World>, size: Size) -> Self {
        let peopled: Vec<usize> =
            (0..world.chats.len()).filter(|n| world.chats[*n].recipient != Recipient::Nobody).collect();
        let (count, all) = (peopled.len().max(1), size.inbound);
        let share = |(n, chat)| (chat, all / count + usize::from(n < all % count));
        let chats = peopled.into_iter().enumerate().map(share).collect();
        Self { world, size, chats, begun: AtomicUsize::new(0), tickets: Semaphore::new(AT_ONCE) }
    }

    /// Writes everything, never ahead of the callers' progress by much, so that the strikes meet all of it.
    pub(super) async fn run(&self, accepted: watch::Receiver<usize>) -> Result<Vec<Written>> {
        let chats: Vec<Vec<Written>> = stream::iter(&self.chats)
            .map(|(chat, messages)| self.write_chat(*chat, *messages, accepted.clone()))
            .buffer_unordered(self.chats.len().max(1))
            .try_collect()
            .await?;
        Ok(chats.into_iter().flatten().collect())
    }

    /// One more message for each workspace.
    pub(super) async fn last_words(&self, written: &[Written]) -> Result<Vec<Written>> {
        let mut last: BTreeMap<usize, &Written> = BTreeMap::new();
        for one in written {
            let known = last.entry(one.tenant).or_insert(one);
            if (known.chat, known.place) < (one.chat, one.place) {
                *known = one;
            }
        }
        try_join_all(last.values().map(|one| self.write(one.chat, one.place + 1))).await
    }

    async fn write_chat(
        &self,
        chat: usize,
        messages: usize,
        mut accepted: watch::Receiver<usize>,
    ) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for place in 0..messages {
            let n = self.begun.fetch_add(1, Ordering::Relaxed);
            accepted.wait_for(|accepted| n < self.may_be_written(*accepted)).await?;
            let _ticket = self.tickets.acquire().await?;
            written.push(self.write(chat, place).await?);
        }
        Ok(written)
    }

    /// How many may be written when so many of the callers' messages are accepted.
    fn may_be_written(&self, accepted: usize) -> usize {
        let Size { messages, inbound, .. } = self.size;
        inbound * (accepted + messages / 20 + 1) / messages.max(1)
    }

    async fn write(&self, chat: usize, place: usize) -> Result<Written> {
        let session = &self.world.sessions[self.world.chats[chat].session];
        let text = format!("to session {} in chat {chat}: {place}", self.world.chats[chat].session);
        let message = json!({"to": session.number, "type": "text", "text": {"body": text}});
        let path = format!("/v1/phones/{}/messages", self.world.chats[chat].to);
        let at = Instant::now();
        let answer = self.world.control.post(&path, &message).await.expect(201).json();
        // an ack that is lost on its way back changes nothing: the network has the message
        ensure!(answer["status"] != "failed", "the network refused what a phone wrote: {answer}");
        let stanza_id = answer["id"].as_str().context("no id of what a phone wrote")?.to_owned();
        let (tenant, session) = (session.tenant, session.key.id.to_string());
        Ok(Written { chat, place, tenant, session, stanza_id, text, at })
    }
}
