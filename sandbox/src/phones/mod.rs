//! Simulated phones: device 0 of every account, each a real Signal endpoint.
//!
//! How the rest of the sandbox wires them:
//!
//! ```ignore
//! let phones = phones::Simulated::open(data_dir, clock).await?; // Arc<Simulated>, implements ports::Phones
//! let network: Arc<dyn Network> = …;                          // the wire side
//! phones.attach(Arc::downgrade(&network));                    // once, before any stanza is delivered
//! let control = control::router(phones.clone(), network);     // axum::Router, serve it on loopback
//! ```
//!
//! All state is in `<data_dir>/phones.db`. A ratchet step is committed before the ciphertext is
//! submitted or the receipt is answered, so a stopped process never breaks a session. No lock of a
//! phone is held while the network is called: `Network::submit` may deliver in place.
//!
//! A number registered with `on_whatsapp: false` does not exist for the network:
//! [`Phones::find`](crate::ports::Phones::find) answers `None`, `ensure` answers `NotFound`.

mod account;
mod acts;
mod address;
mod app_state;
mod behaviour;
mod cache;
mod calls;
mod channels;
mod contacts;
mod content;
mod group_changes;
mod groups;
mod history;
mod inbound;
mod inbox;
mod linking;
mod manage;
mod media_retry;
mod outbound;
mod port;
mod profile;
mod renewal;
mod requests;
mod sightings;
mod signal;
mod sink;
mod store;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, OnceLock, RwLock, Weak};

use crate::clock::Clock;
use crate::ports::{Network, PortError, PortResult};

pub use acts::{Acts, OptionVotes, ReactionBy, ResponseBy, RevokedBy};
pub use app_state::{
    Action, AppState, Change, Changed, ChatSettings, ClientError, ClientErrorKind, CollectionStatus,
    ContactName, Label, MessageRef, QuickReply,
};
pub use behaviour::{
    Afterwards, Behaviour, FileDraft, MessageDraft, OnCall, ReadBehaviour, Script, ScriptedReply,
};
pub use calls::NewCall;
pub use channels::{ChannelCard, ChannelPost};
pub use contacts::ContactCard;
pub use content::{
    Album, Attendance, Body, Button, ButtonReply, Buttons, Contacts, Edit, EphemeralSetting, Event,
    EventResponse, FlowButton, GroupInvite, Interactive, InteractiveReply, Keep, LinkPreview, List,
    ListReply, LiveLocation, Location, Media, MediaKind, Pin, Poll, PollVote, Reaction, Revoke, Row, Section,
    SharedContact, Template, TemplateButton, TemplateReply, Traits, Unknown,
};
pub use group_changes::GroupChange;
pub use groups::{JoinedGroup, MembersChange, NewGroup};
pub use history::Past;
pub use inbound::OpenFile;
pub use inbox::{InboxEntry, InboxFilter, InboxTotals};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use linking::{normalize_code, open_bundle};
pub use manage::{Declared, SettingsChange};
pub use outbound::{MediaUpload, Outgoing, PastMessage, ViewOnce};
pub(crate) use port::is_number;
pub use sightings::{Sighting, Typing};
pub use sink::SinkCounts;
pub use store::{
    CallRecord, CallState, ChatSummary, Direction, Page, PhoneSummary, SeenBy, Status, StoredMessage,
};

use account::{Card, Phone};
#[cfg(test)]
pub(crate) use tests::World;

/// All simulated phones of one network.
pub struct Simulated {
    store: store::Store,
    cache: cache::Cache,
    network: OnceLock<Weak<dyn Network>>,
    pairings: linking::PendingPairings,
    clock: Clock,
    sightings: sightings::Sightings,
    defaults: RwLock<Arc<Behaviour>>,
    runner: behaviour::Runner,
    sink: sink::Sink,
    me: Weak<Simulated>,
}

impl Simulated {
    /// Opens (or makes) `<data_dir>/phones.db`; the clock is the network's.
    ///
    /// # Errors
    /// When the folder cannot be written or the file is not a phone store.
    pub async fn open(data_dir: &Path, clock: Clock) -> anyhow::Result<Arc<Self>> {
        let store = store::Store::open(data_dir).await?;
        let defaults: Behaviour = store.setting(manage::DEFAULTS).await?;
        let plans = store.plans().await?;
        let sink = Self::stored_sink(&store).await?;
        Ok(Arc::new_cyclic(|me| Self {
            store,
            cache: cache::Cache::new(cache::CAPACITY),
            network: OnceLock::new(),
            pairings: linking::PendingPairings::new(clock.clone()),
            sightings: sightings::Sightings::default(),
            defaults: RwLock::new(Arc::new(defaults)),
            runner: behaviour::Runner::new(plans),
            sink,
            clock,
            me: me.clone(),
        }))
    }

    /// Gives the phones their network. Only the first call counts.
    pub fn attach(&self, network: Weak<dyn Network>) {
        if self.network.set(network).is_err() {
            tracing::warn!("phones are already attached to a network");
            return;
        }
        self.runner.start(self.me.clone());
    }

    /// Stops what phones do by themselves and stores what they have counted. What they had
    /// planned they do after the next start.
    pub async fn stop(&self) {
        self.runner.stop().await;
        if let Err(error) = self.save_sink().await {
            tracing::error!(error = %format!("{error:#}"), "counts of the sinks cannot be stored");
        }
    }

    /// Unix seconds.
    fn now(&self) -> i64 {
        self.clock.unix_secs().cast_signed()
    }

    fn network(&self) -> PortResult<Arc<dyn Network>> {
        self.network
            .get()
            .and_then(Weak::upgrade)
            .ok_or_else(|| PortError::Internal(anyhow::anyhow!("phones are not attached to a network")))
    }

    /// The phone of a number or LID, loaded on first use.
    async fn phone(&self, user: &str) -> PortResult<Arc<Phone>> {
        self.find_phone(user).await?.ok_or_else(|| PortError::NotFound(format!("no phone {user}")))
    }

    async fn find_phone(&self, user: &str) -> PortResult<Option<Arc<Phone>>> {
        if let Some(phone) = self.cache.get(user) {
            return Ok(Some(phone));
        }
        Ok(self.store.load_phone(user).await?.map(|phone| self.cache.insert(phone)))
    }

    /// The account behind a user part; a stranger is described by what the stanza said.
    async fn account_or_stranger(&self, user: &str) -> PortResult<Contact> {
        Ok(match self.find_phone(user).await? {
            Some(phone) => Contact::from(&phone.info),
            None => Contact { pn: user.to_owned(), lid: None },
        })
    }
}

/// The other side of a chat, as far as the phone knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Contact {
    pn: String,
    lid: Option<String>,
}

impl From<&Card> for Contact {
    fn from(info: &Card) -> Self {
        Self { pn: info.pn.clone(), lid: Some(info.lid.clone()) }
    }
}

/// A fresh stanza id: `prefix`, filled up with random upper-case hexadecimal digits.
fn new_id(prefix: &str) -> String {
    const LENGTH: usize = 32;
    let random: [u8; LENGTH / 2] = rand::random();
    let mut id = prefix.to_owned();
    for byte in random {
        // writing into a String cannot fail
        let _ = write!(id, "{byte:02X}");
    }
    id.truncate(LENGTH);
    id
}
