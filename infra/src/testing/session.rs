//! Sessions to test with.

use wagate_domain::{
    Timestamp,
    sessions::{Pacing, Session, SessionKey, State},
};

/// A session that nobody has started.
#[must_use]
pub fn new_session(SessionKey { workspace, id }: SessionKey, now: Timestamp) -> Session {
    Session {
        id,
        workspace,
        name: "shop".to_owned(),
        state: State::Created,
        reason: None,
        wanted: true,
        pn: None,
        lid: None,
        push_name: None,
        epoch: 0,
        pacing: Pacing::default(),
        proxy: None,
        linked_at: None,
        created_at: now,
        updated_at: now,
    }
}
