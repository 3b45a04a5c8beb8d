//! The connections on which this process's consumers wait for new entries.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use fred::prelude::{Client, Error};
use wagate_domain::ports::Group;

use crate::redis::connect::{Dedicated, Redis};

/// Connections that wait for their consumer's next read.
#[derive(Debug, Clone, Default)]
pub(super) struct Readers(Arc<Mutex<HashMap<String, Reader>>>);

/// A consumer's connection. Waiting blocks it, so it serves one read at a time; a read that is given
/// up drops it, because Redis may still be waiting at its other end.
#[derive(Debug)]
pub(super) struct Reader {
    name: String,
    connection: Dedicated,
    looked_for_vanished: Option<Instant>,
}

impl Readers {
    /// The consumer's connection; a new one when it has none or it is in use.
    pub(super) async fn take(&self, redis: &Redis, group: Group, consumer: &str) -> Result<Reader, Error> {
        let name = format!("{}/{consumer}", group.name());
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        match idle {
            Some(reader) => Ok(reader),
            None => Ok(Reader { name, connection: redis.dedicated().await?, looked_for_vanished: None }),
        }
    }

    /// Keeps a connection for the next read.
    pub(super) fn put_back(&self, reader: Reader) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(reader.name.clone(), reader);
    }
}

impl Reader {
    pub(super) fn client(&self) -> &Client {
        self.connection.client()
    }

    /// Whether `pause` has passed since this was last asked in vain.
    pub(super) fn is_to_look_for_vanished(&mut self, pause: Duration) -> bool {
        let look = self.looked_for_vanished.is_none_or(|then| then.elapsed() >= pause);
        if look {
            self.looked_for_vanished = Some(Instant::now());
        }
        look
    }
}
