//! Channels ("newsletters" on the wire): plaintext posts of a few, read by many.
//!
//! Metadata and membership are changed by GraphQL (`handlers/iq/mex/channels`), posts and
//! reactions by `<message>`, history and live updates by IQs of their own namespace.

mod describe;
mod live;
mod post;
mod publish;
mod push;
mod receipts;
mod stanzas;

use wacore_binary::{Jid, Server};

pub(crate) use describe::describe;
pub(crate) use live::{DURATION, LiveBoard};
pub(crate) use push::Push;
pub(crate) use stanzas::history;

use crate::state::{Channel, Member, Role};

/// What channels keep in memory.
#[derive(Default)]
pub(crate) struct Channels {
    /// Held while a post gets its number and its place in the queues, so that both have one order.
    order: tokio::sync::Mutex<()>,
    pub(crate) live: LiveBoard,
}

/// A channel, and what an account is in it.
pub(crate) struct Place {
    pub(crate) channel: Channel,
    pub(crate) member: Option<Member>,
}

impl Place {
    /// Whether the account has this role or a higher one.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.member.is_some_and(|member| member.role >= role)
    }
}

/// Number of the channel a JID names.
pub(crate) fn number_of(jid: &Jid) -> Option<u64> {
    (jid.server == Server::Newsletter).then(|| jid.user.parse().ok()).flatten()
}

/// JID of a channel.
pub(crate) fn jid_of(channel: u64) -> Jid {
    Jid::new(channel.to_string(), Server::Newsletter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_a_jid_of_its_own_kind() {
        let jid = jid_of(120_363_400_000_000_001);
        assert_eq!(jid.to_string(), "120363400000000001@newsletter");
        assert_eq!(number_of(&jid), Some(120_363_400_000_000_001));
        assert_eq!(number_of(&Jid::group("120363400000000001")), None);
        assert_eq!(number_of(&Jid::new("abc", Server::Newsletter)), None);
    }
}
