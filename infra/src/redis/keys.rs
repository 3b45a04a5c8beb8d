//! The names of all keys and channels. No other file makes one.
//!
//! `{…}` is the hash tag: keys with the same tag live in the same slot of a Redis cluster, so a
//! script may touch all of a session's keys. A session's tag is its shard's.

use wagate_domain::{
    Address, MessageId, SessionId, SignInId, WorkspaceId,
    limits::{Payer, Subject},
    sessions::SessionKey,
};

const OWNER: &str = "owner";

/// Makes key names under one prefix.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
    shards: u16,
}

/// The keys of one session's lane.
#[derive(Debug, Clone)]
pub(super) struct LaneKeys {
    /// Hash: connector (`c`) and epoch (`e`) of the owner.
    pub(super) owner: String,
    /// Sorted set: ready interactive message ids by place in the queue.
    pub(super) interactive: String,
    /// Sorted set: ready bulk message ids by place in the queue.
    pub(super) bulk: String,
    /// Sorted set: claimed message ids by the place they had.
    pub(super) in_flight: String,
    /// Sorted set: scheduled message ids by the moment they come due, in milliseconds.
    pub(super) due: String,
    /// Sorted set: buried message ids by the moment of burial, in milliseconds.
    pub(super) dead: String,
    /// String: moment until which nothing is claimed, in milliseconds.
    pub(super) hold: String,
    /// Sorted set: ids set aside while the session may begin no new chats, by the place they had.
    pub(super) parked: String,
    /// String, there while the lane is paused.
    pub(super) pause: String,
    /// Hash: what was sent on a day (`d`): messages (`s`), chats that began (`n`).
    pub(super) tally: String,
}

impl Keys {
    /// Names under `prefix` for so many shards.
    #[must_use]
    pub fn new(prefix: impl Into<String>, shards: u16) -> Self {
        Self { prefix: prefix.into(), shards: shards.max(1) }
    }

    /// What every key starts with.
    #[cfg(feature = "testing")]
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Number of shards.
    #[must_use]
    pub const fn shards(&self) -> u16 {
        self.shards
    }

    /// The shard of a session: FNV-1a over its ULID, so it is the same in every version and process.
    #[must_use]
    pub fn shard(&self, session: SessionId) -> u16 {
        let hash = session.ulid().to_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        u16::try_from(hash % u64::from(self.shards)).unwrap_or_default()
    }

    fn in_shard(&self, shard: u16, rest: &str) -> String {
        format!("{}:{{s{shard:02}}}:{rest}", self.prefix)
    }

    fn of_session(&self, session: SessionKey, leaf: &str) -> String {
        let SessionKey { workspace, id } = session;
        self.in_shard(self.shard(id), &format!("{workspace}:{id}:{leaf}"))
    }

    /// All keys of a session's lane.
    pub(super) fn lane(&self, session: SessionKey) -> LaneKeys {
        let stem = self.of_session(session, "");
        let key = |leaf: &str| [&stem, leaf].concat();
        LaneKeys {
            owner: key(OWNER),
            interactive: key("ready:i"),
            bulk: key("ready:b"),
            in_flight: key("flight"),
            due: key("due"),
            dead: key("dead"),
            hold: key("hold"),
            parked: key("parked"),
            pause: key("pause"),
            tally: key("tally"),
        }
    }

    /// Hash: connector (`c`) and epoch (`e`) of a session's owner.
    pub(super) fn owner(&self, session: SessionKey) -> String {
        self.of_session(session, OWNER)
    }

    /// What the record keys of a workspace's messages in a shard start with; the message id follows.
    pub(super) fn records(&self, shard: u16, workspace: WorkspaceId) -> String {
        self.in_shard(shard, &format!("{workspace}:msg:"))
    }

    /// Hash: a message (`m`), its priority (`p`), chat (`c`), campaign (`g`), how often it was claimed (`a`)
    /// and changed (`r`), and until when it is parked (`u`, in milliseconds).
    pub(super) fn record(&self, shard: u16, workspace: WorkspaceId, message: MessageId) -> String {
        format!("{}{message}", self.records(shard, workspace))
    }

    /// Stream: a shard's part of the event log.
    pub(super) fn stream(&self, shard: u16) -> String {
        self.in_shard(shard, "log")
    }

    /// String, there since the shard's part of the queue was last made good.
    pub(super) fn mark(&self, shard: u16) -> String {
        self.in_shard(shard, "mark")
    }

    /// Channel: wake-ups for owners of sessions of a shard.
    pub(super) fn wake(&self, shard: u16) -> String {
        self.in_shard(shard, "wake")
    }

    /// Channel: what a listener says to itself to prove that it hears.
    pub(super) fn proof(&self, listener: &str) -> String {
        format!("{}:proof:{listener}", self.prefix)
    }

    /// List: commands left for a session's owner.
    pub(super) fn commands(&self, session: SessionKey) -> String {
        self.of_session(session, "commands")
    }

    /// String: the reply to a command.
    pub(super) fn reply(&self, session: SessionKey, command: &str) -> String {
        self.of_session(session, &format!("reply:{command}"))
    }

    /// String: what a phone can use to link a session.
    pub(super) fn offer(&self, session: SessionKey) -> String {
        self.of_session(session, "offer")
    }

    /// String, there while somebody is asking for a session's pairing.
    pub(super) fn wanted(&self, session: SessionKey) -> String {
        self.of_session(session, "wanted")
    }

    /// String: a poll of a chat, by WhatsApp's id of its message, for the votes in it.
    pub(super) fn poll(&self, session: SessionKey, chat: &Address, stanza_id: &str) -> String {
        self.of_session(session, &format!("poll:{chat}:{stanza_id}"))
    }

    /// Sorted set: living connectors by the moment their heartbeat runs out, in milliseconds.
    pub(super) fn connectors(&self) -> String {
        format!("{}:connectors", self.prefix)
    }

    /// Sorted set: living workers by the moment their heartbeat runs out, in milliseconds.
    pub(super) fn workers(&self) -> String {
        format!("{}:workers", self.prefix)
    }

    /// String: the process that has a duty of which one at a time has it.
    pub(super) fn leader(&self, duty: &str) -> String {
        format!("{}:leader:{duty}", self.prefix)
    }

    /// Channel: there is something new to tell subscribers.
    pub(super) fn bell(&self) -> String {
        format!("{}:bell", self.prefix)
    }

    /// Hash: what is known of an idempotency key, which is given as a hash.
    pub(super) fn idempotency(&self, workspace: WorkspaceId, hash: &str) -> String {
        format!("{}:{{w:{workspace}}}:idem:{hash}", self.prefix)
    }

    /// String or hash: what is used of a limit.
    pub(super) fn limit(&self, payer: Payer, subject: Subject) -> String {
        let stem = match payer {
            Payer::Workspace(workspace) => format!("{}:{{w:{workspace}}}:limit", self.prefix),
            Payer::Person(user) => format!("{}:{{p:{user}}}:limit", self.prefix),
            Payer::Address(address) => format!("{}:{{a:{address}}}:limit", self.prefix),
        };
        match subject {
            Subject::Address | Subject::Workspace => format!("{stem}:requests"),
            Subject::Caller(caller) => format!("{stem}:{caller}"),
            Subject::Session(session) => format!("{stem}:{session}"),
            Subject::Messages(period) => format!("{stem}:{}", period.name()),
        }
    }

    /// Pattern of all keys of a workspace: each has its id in its name.
    pub(super) fn of_workspace(&self, workspace: WorkspaceId) -> String {
        format!("{}:*{workspace}*", self.prefix)
    }

    /// String, there while access tokens of a sign-in that ended could still be shown.
    pub(super) fn signed_out(&self, sign_in: SignInId) -> String {
        format!("{}:{{p:{sign_in}}}:out", self.prefix)
    }

    /// String: somebody who was sent to a provider, by the hash of what they bring back.
    pub(super) fn departure(&self, state: &str) -> String {
        format!("{}:{{d:{state}}}:away", self.prefix)
    }

    /// The keys of what is tried on an account, which is given as a hash.
    pub(super) fn attempts_on(&self, effort: &str, account: &str, origin: &str) -> AttemptKeys {
        let key = |leaf: &str| format!("{}:{{a:{account}}}:try:{effort}:{leaf}", self.prefix);
        AttemptKeys {
            pair: key(&format!("from:{origin}")),
            account: key("all"),
            known: key(&format!("known:{origin}")),
        }
    }

    /// Hash: tries from a network address, like [`AttemptKeys::pair`].
    pub(super) fn attempts_from(&self, effort: &str, origin: &str) -> String {
        format!("{}:{{i:{origin}}}:try:{effort}", self.prefix)
    }
}

/// The keys of what is tried on an account.
#[derive(Debug, Clone)]
pub(super) struct AttemptKeys {
    /// Hash: tries from one network address (`n`), and until when there may be none (`u`, in milliseconds).
    pub(super) pair: String,
    /// Hash: the same from everywhere.
    pub(super) account: String,
    /// String, there when a try from that address has succeeded lately.
    pub(super) known: String,
}

#[cfg(test)]
mod tests {
    use wagate_domain::{ids::Id, limits::Period};

    use super::*;

    fn session(n: u128) -> SessionKey {
        SessionKey {
            workspace: WorkspaceId::from_ulid(ulid::Ulid::from(7)),
            id: SessionId::from_ulid(ulid::Ulid::from(n)),
        }
    }

    #[test]
    fn names_stay_what_they_are() {
        let keys = Keys::new("wagate", 16);
        assert_eq!(
            keys.lane(session(1)).interactive,
            "wagate:{s02}:ws_00000000000000000000000007:ses_00000000000000000000000001:ready:i"
        );
        assert_eq!(keys.stream(8), "wagate:{s08}:log");
        assert_eq!(
            keys.idempotency(session(1).workspace, "ab"),
            "wagate:{w:ws_00000000000000000000000007}:idem:ab"
        );
        let payer = Payer::Workspace(session(1).workspace);
        assert_eq!(
            keys.limit(payer, Subject::Messages(Period::Day)),
            "wagate:{w:ws_00000000000000000000000007}:limit:day"
        );
        let payer = Payer::at("203.0.113.7".parse().unwrap());
        assert_eq!(keys.limit(payer, Subject::Address), "wagate:{a:203.0.113.7}:limit:requests");
    }

    #[test]
    fn all_keys_of_a_session_carry_its_shards_tag() {
        let keys = Keys::new("p", 16);
        for n in 0..200 {
            let key = session(n);
            let shard = keys.shard(key.id);
            let tag = format!("p:{{s{shard:02}}}:");
            let lane = keys.lane(key);
            let message = MessageId::from_ulid(ulid::Ulid::from(n));
            for name in [
                lane.owner,
                lane.interactive,
                lane.bulk,
                lane.in_flight,
                lane.due,
                lane.dead,
                lane.hold,
                lane.parked,
                lane.pause,
                lane.tally,
                keys.record(shard, key.workspace, message),
                keys.stream(shard),
                keys.wake(shard),
                keys.commands(key),
                keys.reply(key, "x"),
                keys.offer(key),
                keys.wanted(key),
            ] {
                assert!(name.starts_with(&tag), "{name} is not in {tag}");
            }
        }
    }

    #[test]
    fn sessions_spread_evenly_over_shards() {
        let keys = Keys::new("p", 16);
        let mut sizes = [0_u32; 16];
        for n in 0..16_000_u128 {
            let id = SessionId::from_ulid(ulid::Ulid::from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
            sizes[usize::from(keys.shard(id))] += 1;
        }
        assert!(sizes.iter().all(|size| (800..1200).contains(size)), "{sizes:?}");
    }
}
