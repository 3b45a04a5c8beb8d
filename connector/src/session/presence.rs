//! What the account shows of itself, and whose coming and going it wants to know.

use std::collections::BTreeSet;

use tokio::time::timeout;
use wagate_domain::Address;

use super::{actor::Actor, commands::WIRE_PATIENCE};
use crate::wa::Link;

/// People watched at most; WhatsApp itself shows the presence of few chats at a time.
const MOST_WATCHED: usize = 1_000;

/// What was asked for; said again on every new connection, forgotten with the actor.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    available: Option<bool>,
    watched: BTreeSet<Address>,
}

impl Actor {
    /// Shows the account as online or not.
    pub(super) async fn show_presence(&mut self, command: String, available: bool) {
        let Some(link) = self.link_for(&command) else { return };
        let sent = timeout(WIRE_PATIENCE, link.show_presence(available)).await;
        if matches!(sent, Ok(Ok(()))) {
            self.wishes.available = Some(available);
        }
        self.answer_sent(command, sent, "the presence could not be sent; try again");
    }

    /// Asks to be told of a person's coming and going.
    pub(super) async fn watch_presence(&mut self, command: String, chat: &str) {
        let Some(person) = chat.parse::<Address>().ok().filter(Address::is_person) else {
            return self.refuse(command, "bad_chat", "the chat is not with a person");
        };
        let known = self.wishes.watched.contains(&person);
        if !known && self.wishes.watched.len() >= MOST_WATCHED {
            return self.refuse(command, "too_many_watched", "the session watches a thousand people already");
        }
        let Some(link) = self.link_for(&command) else { return };
        let sent = timeout(WIRE_PATIENCE, link.watch_presence(&person)).await;
        if matches!(sent, Ok(Ok(()))) {
            self.wishes.watched.insert(person);
        }
        self.answer_sent(command, sent, "the presence could not be asked for; try again");
    }

    /// Says again what was asked for: WhatsApp forgets it with the connection.
    pub(super) fn repeat_wishes(&self, link: &Link) {
        let Wishes { available, watched } = &self.wishes;
        if available.is_none() && watched.is_empty() {
            return;
        }
        let (link, available, watched) = (link.clone(), *available, watched.clone());
        tokio::spawn(async move {
            // a connection that is lost meanwhile is followed by one that hears it again
            if let Some(available) = available {
                let _ = timeout(WIRE_PATIENCE, link.show_presence(available)).await;
            }
            for person in &watched {
                let _ = timeout(WIRE_PATIENCE, link.watch_presence(person)).await;
            }
        });
    }
}
