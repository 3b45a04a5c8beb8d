//! What is told when a session moves.

use super::ToldData;
use crate::sessions::{Reason, State};

/// What is told when a session moves from one state to another.
#[must_use]
pub fn of_transition(before: State, state: State, reason: Option<&Reason>) -> Vec<ToldData> {
    let reason = reason.cloned();
    let mut told = vec![ToldData::SessionStatus { state, before: Some(before), reason: reason.clone() }];
    match (before.can_send(), state.can_send()) {
        (false, true) => told.push(ToldData::SessionConnected {}),
        (true, false) => told.push(ToldData::SessionDisconnected { state, reason: reason.clone() }),
        _ => {}
    }
    match (before == State::Restricted, state == State::Restricted) {
        (false, true) => told.push(ToldData::RestrictionStarted { reason }),
        // a lost connection does not lift a restriction: it begins again when the session is back
        (true, false) if state == State::Connected => told.push(ToldData::RestrictionEnded {}),
        _ => {}
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_is_told_with_what_it_means() {
        let kinds = |before, state| -> Vec<&str> {
            of_transition(before, state, None).iter().map(|told| told.kind().name()).collect()
        };
        for (before, state, told) in [
            (State::Starting, State::Connected, vec!["session.status", "session.connected"]),
            (State::Connected, State::Degraded, vec!["session.status"]),
            (State::Degraded, State::Reconnecting, vec!["session.status", "session.disconnected"]),
            (State::Connected, State::Restricted, vec!["session.status", "restriction.started"]),
            (State::Restricted, State::Connected, vec!["session.status", "restriction.ended"]),
            (State::Restricted, State::Reconnecting, vec!["session.status", "session.disconnected"]),
            (State::Created, State::Starting, vec!["session.status"]),
        ] {
            assert_eq!(kinds(before, state), told, "{before} → {state}");
        }
    }
}
