//! What a phone sees of others right now: who is online, who is typing. Never stored.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use utoipa::ToSchema;
use wacore_binary::{Jid, Node};

use super::address::is_direct;

/// Seconds after which typing that was not renewed has ended, as phones show it.
const TYPING_LASTS: i64 = 25;

/// What the other side of a chat does with its keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Typing {
    /// Writing.
    Composing,
    /// Recording a voice note.
    Recording,
}

/// What is known of the other side of a chat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Whether it is online; `None` when that is not known.
    pub online: Option<bool>,
    /// Unix seconds at which it was last online, where it shows that.
    pub last_seen: Option<i64>,
    /// What it types; `None` when it does not.
    pub typing: Option<Typing>,
    typing_since: i64,
}

/// All sightings, by phone and chat.
#[derive(Default)]
pub(super) struct Sightings(Mutex<HashMap<(String, String), Sighting>>);

impl Sightings {
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Sighting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a presence or a chat state.
    pub(super) fn take(&self, pn: &str, stanza: &Node, now: i64) {
        let mut attrs = stanza.attrs();
        let Some(from) = attrs.optional_jid("from") else { return };
        let key = (pn.to_owned(), chat_of(&from));
        let mut all = self.lock();
        let seen = all.entry(key).or_default();
        if stanza.tag == "presence" {
            let away = attrs.optional_string("type").is_some_and(|kind| kind == "unavailable");
            let last = attrs.optional_string("last").and_then(|last| last.parse().ok());
            seen.online = Some(!away);
            seen.last_seen = last;
            if away {
                seen.typing = None;
            }
        } else {
            seen.typing = stanza.get_optional_child("composing").map(|composing| {
                let audio = composing.attrs().optional_string("media").is_some_and(|media| media == "audio");
                if audio { Typing::Recording } else { Typing::Composing }
            });
            seen.typing_since = now;
        }
    }

    /// What a phone sees in a chat.
    pub(super) fn of(&self, pn: &str, chat: &str, now: i64) -> Sighting {
        let mut seen = self.lock().get(&(pn.to_owned(), chat.to_owned())).copied().unwrap_or_default();
        if now - seen.typing_since >= TYPING_LASTS {
            seen.typing = None;
        }
        seen
    }

    /// A message has arrived: whoever wrote it is done typing.
    pub(super) fn message_arrived(&self, pn: &str, chat: &str) {
        if let Some(seen) = self.lock().get_mut(&(pn.to_owned(), chat.to_owned())) {
            seen.typing = None;
        }
    }
}

fn chat_of(from: &Jid) -> String {
    if is_direct(from) { from.user.to_string() } else { from.to_non_ad().to_string() }
}

#[cfg(test)]
mod tests {
    use wacore_binary::builder::NodeBuilder;

    use super::*;

    fn chatstate(child: NodeBuilder) -> Node {
        NodeBuilder::new("chatstate").attr("from", Jid::pn("49150")).children([child.build()]).build()
    }

    #[test]
    fn typing_ends_when_paused_sent_or_not_renewed() {
        let seen = Sightings::default();
        let typing = |now| seen.of("1", "49150", now).typing;
        let composing = chatstate(NodeBuilder::new("composing"));
        seen.take("1", &composing, 100);
        assert_eq!((typing(124), typing(125)), (Some(Typing::Composing), None));
        seen.take("1", &composing, 124);
        assert_eq!(typing(125), Some(Typing::Composing));
        seen.take("1", &chatstate(NodeBuilder::new("paused")), 126);
        assert_eq!(typing(126), None);
        seen.take("1", &chatstate(NodeBuilder::new("composing").attr("media", "audio")), 130);
        assert_eq!(typing(130), Some(Typing::Recording));
        seen.message_arrived("1", "49150");
        assert_eq!(typing(130), None);
        assert_eq!(seen.of("2", "49150", 124), Sighting::default());
    }

    #[test]
    fn presence_says_online_away_or_nothing() {
        let seen = Sightings::default();
        let presence = || NodeBuilder::new("presence").attr("from", Jid::pn("49150"));
        assert_eq!(seen.of("1", "49150", 0).online, None);
        seen.take("1", &presence().build(), 0);
        assert_eq!(seen.of("1", "49150", 0).online, Some(true));
        seen.take("1", &presence().attr("type", "unavailable").attr("last", 77).build(), 0);
        let away = seen.of("1", "49150", 0);
        assert_eq!((away.online, away.last_seen), (Some(false), Some(77)));
        seen.take("1", &presence().attr("type", "unavailable").attr("last", "deny").build(), 0);
        assert_eq!(seen.of("1", "49150", 0).last_seen, None);
    }
}
