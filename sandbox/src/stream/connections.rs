//! Every open connection, logged in or not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::core::Core;
use crate::trace::EventKind;
use crate::wire::Conn;

/// Open connections by their number.
#[derive(Default)]
pub(crate) struct Connections(Mutex<BTreeMap<u64, Arc<Conn>>>);

impl Connections {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Conn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Conn>> {
        self.lock().values().cloned().collect()
    }

    /// One of them.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Conn>> {
        self.lock().get(&id).cloned()
    }
}

/// A connection that is listed for as long as this lives, and traced.
pub(super) struct Listed {
    core: Arc<Core>,
    conn: Arc<Conn>,
}

impl Listed {
    pub(super) fn new(core: &Arc<Core>, conn: &Arc<Conn>) -> Self {
        conn.tap.note(EventKind::Connected, Some(conn.remote.to_string()));
        core.connections.lock().insert(conn.id, Arc::clone(conn));
        Self { core: Arc::clone(core), conn: Arc::clone(conn) }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.core.connections.lock().remove(&self.conn.id);
        let why = self.conn.why().unwrap_or_else(|| "the network stops".to_owned());
        self.conn.tap.note(EventKind::Closed, Some(why));
        // However it ended, the writer must end with it.
        self.conn.gone.cancel();
    }
}
