//! How a session is: what its owner sees on the wire, and what is wrong with it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    ConnectorId, Timestamp,
    ports::LaneDepth,
    sessions::{PROXY_FAILED, Reason, Session, State},
};

/// A connection that has been silent for longer is in trouble: keep-alives are answered every half minute.
pub const SILENCE: Duration = Duration::from_secs(60);
/// An ack that took longer is a sign of trouble.
const SLOW_ACK: Duration = Duration::from_secs(5);

/// What the connector that holds a session knows of its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The connector.
    pub connector: ConnectorId,
    /// The epoch it holds the session under.
    pub epoch: u64,
    /// Logged in right now.
    pub online: bool,
    /// When something last came in.
    pub heard_at: Option<Timestamp>,
    /// How long the last message waited for the server's ack, in milliseconds.
    pub ack_millis: Option<u64>,
    /// Attempts to connect again since the device was opened.
    pub reconnects: u64,
    /// Attempts since the last one that succeeded.
    pub failed_in_a_row: u32,
    /// Until when no new chats may begin.
    pub restricted_until: Option<Timestamp>,
}

/// What keeps a session from sending as it should, the gravest first; empty for a session that is well.
#[must_use]
pub fn diagnose(session: &Session, health: Option<&Health>, queue: LaneDepth, now: Timestamp) -> Vec<Reason> {
    let mut found = Vec::new();
    let mut say = |code: &str, message: String| found.push(Reason::new(code, message));
    if !session.wanted {
        say("not_started", "nobody wants it connected; start it: POST /api/v1/sessions/{id}/start".into());
    } else if !session.is_linked() {
        say("not_linked", "no account is linked; link one: GET /api/v1/sessions/{id}/qr".into());
    } else if let Some(reason) =
        session.reason.as_ref().filter(|reason| session.state.needs_a_person() || reason.code == PROXY_FAILED)
    {
        say(&reason.code, reason.message.clone());
    }
    match health {
        None if session.wanted => {
            say("no_owner", "no connector answers for it; is one running, and is it alive?".into());
        }
        None => {}
        Some(health) => {
            if !health.online && session.is_linked() && !session.state.needs_a_person() {
                let attempts = health.failed_in_a_row;
                say("offline", format!("not connected to WhatsApp; {attempts} attempts have failed since"));
            }
            if let Some(heard) = health.heard_at.filter(|_| health.online)
                && now.since(heard) > SILENCE
            {
                say("silent", format!("nothing has come over its connection since {heard}"));
            }
            if let Some(ack) = health.ack_millis.filter(|ack| u128::from(*ack) > SLOW_ACK.as_millis()) {
                say("slow_acks", format!("WhatsApp took {ack} ms to acknowledge the last message"));
            }
            if let Some(until) = health.restricted_until {
                say("restricted", format!("WhatsApp lets it begin no new chats until {until}"));
            }
        }
    }
    if session.state == State::Degraded {
        say("degraded", "WhatsApp did not acknowledge a message in time".into());
    }
    if queue.paused {
        say("queue_paused", "its queue is paused; resume it: POST /api/v1/sessions/{id}/queue/resume".into());
    }
    if let Some(until) = queue.held_until.filter(|until| *until > now) {
        say("held", format!("the message at its head could not be sent; it is tried again at {until}"));
    }
    if queue.dead > 0 {
        say(
            "dead_messages",
            format!("{} messages were given up: GET /api/v1/messages?status=failed", queue.dead),
        );
    }
    let id = session.id.to_string();
    for reason in &mut found {
        reason.message = reason.message.replace("{id}", &id);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SessionId, WorkspaceId, ids::Id, sessions::Pacing};

    const NOW: Timestamp = Timestamp::from_millis(1_772_323_200_000);

    fn session() -> Session {
        Session {
            id: SessionId::from_ulid(ulid::Ulid(1)),
            workspace: WorkspaceId::from_ulid(ulid::Ulid(2)),
            name: "shop".into(),
            state: State::Connected,
            reason: None,
            wanted: true,
            pn: Some("62811".into()),
            lid: None,
            push_name: None,
            epoch: 1,
            pacing: Pacing::default(),
            proxy: None,
            linked_at: None,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn well() -> Health {
        Health {
            connector: ConnectorId::from_ulid(ulid::Ulid(3)),
            epoch: 1,
            online: true,
            heard_at: Some(NOW),
            ack_millis: Some(120),
            reconnects: 3,
            failed_in_a_row: 0,
            restricted_until: None,
        }
    }

    fn codes(session: &Session, health: Option<&Health>, queue: LaneDepth) -> Vec<String> {
        diagnose(session, health, queue, NOW).into_iter().map(|reason| reason.code).collect()
    }

    #[test]
    fn a_session_that_is_well_has_nothing_to_say() {
        assert_eq!(codes(&session(), Some(&well()), LaneDepth::default()), Vec::<String>::new());
    }

    #[test]
    fn every_trouble_is_named() {
        let none = LaneDepth::default();
        let early = Timestamp::from_millis(NOW.as_millis() - 61_000);
        assert_eq!(codes(&session(), None, none), ["no_owner"]);
        assert_eq!(codes(&Session { wanted: false, ..session() }, None, none), ["not_started"]);
        assert_eq!(codes(&Session { pn: None, ..session() }, Some(&well()), none), ["not_linked"]);
        let offline = Health { online: false, failed_in_a_row: 4, ..well() };
        assert_eq!(codes(&session(), Some(&offline), none), ["offline"]);
        let reason = Some(Reason::new(PROXY_FAILED, "the proxy cannot be reached"));
        let behind = Session { state: State::Reconnecting, reason, ..session() };
        assert_eq!(codes(&behind, Some(&offline), none), ["proxy_failed", "offline"]);
        let silent = Health { heard_at: Some(early), ..well() };
        assert_eq!(codes(&session(), Some(&silent), none), ["silent"]);
        let slow = Health { ack_millis: Some(5_001), restricted_until: Some(NOW), ..well() };
        assert_eq!(codes(&session(), Some(&slow), none), ["slow_acks", "restricted"]);
        let queue = LaneDepth { paused: true, dead: 2, held_until: Some(NOW.plus(SILENCE)), ..none };
        assert_eq!(codes(&session(), Some(&well()), queue), ["queue_paused", "held", "dead_messages"]);
        let banned = Session {
            state: State::Banned,
            reason: Some(Reason::new("temporary_ban", "banned")),
            ..session()
        };
        assert_eq!(codes(&banned, Some(&Health { online: false, ..well() }), none), ["temporary_ban"]);
    }
}
