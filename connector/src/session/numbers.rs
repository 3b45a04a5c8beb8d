//! Whether a phone number uses WhatsApp, remembered.

use std::{collections::HashMap, time::Duration};

use tokio::{sync::Mutex, time::Instant};
use wagate_domain::{Address, ContactIds, address::Server};

use crate::wa::{Existence, Link, Trouble};

/// How long somebody found stays found.
const FOUND: Duration = Duration::from_hours(24);
/// How long nobody stays nobody: people do join.
const NOBODY: Duration = Duration::from_mins(10);
/// Numbers remembered at a time.
const CAPACITY: usize = 5_000;

/// The numbers one session has asked about.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<HashMap<Address, (Existence, Instant)>>);

/// Where to send to, and what was learned on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The address, or nobody.
    pub(super) existence: Existence,
    /// Whether WhatsApp was asked just now.
    pub(super) asked: bool,
}

impl Numbers {
    /// Finds out where messages to `chat` go. Only phone numbers the device does not know are asked about.
    pub(super) async fn resolve(&self, link: &Link, chat: &Address) -> Result<Resolved, Trouble> {
        let contact = link.known(ContactIds::of(chat)).await;
        if chat.server() != Server::Pn || contact.lid.is_some() {
            let existence = Existence::Somebody { address: chat.clone(), contact };
            return Ok(Resolved { existence, asked: false });
        }
        if let Some((existence, until)) = self.0.lock().await.get(chat)
            && Instant::now() < *until
        {
            return Ok(Resolved { existence: existence.clone(), asked: false });
        }
        let existence = link.check(chat).await?;
        let keep = if existence == Existence::Nobody { NOBODY } else { FOUND };
        let mut known = self.0.lock().await;
        if known.len() >= CAPACITY {
            let now = Instant::now();
            known.retain(|_, (_, until)| now < *until);
            if known.len() >= CAPACITY {
                known.clear();
            }
        }
        known.insert(chat.clone(), (existence.clone(), Instant::now() + keep));
        Ok(Resolved { existence, asked: true })
    }
}
