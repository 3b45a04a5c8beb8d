//! How many sessions stand where.

use metrics::gauge;
use wagate_domain::sessions::State;

/// A session came into our hands.
pub(crate) fn session_entered(state: State) {
    gauge!("wagate_sessions", "state" => state.name()).increment(1.0);
}

/// A session moved on.
pub(crate) fn session_moved(from: State, to: State) {
    session_left(from);
    session_entered(to);
}

/// A session left our hands.
pub(crate) fn session_left(state: State) {
    gauge!("wagate_sessions", "state" => state.name()).decrement(1.0);
}
