//! The only place that names whatsapp-rust: one linked device, what it tells and what can be asked of it.

mod acks;
mod backend;
mod catchup;
mod events;
#[cfg_attr(feature = "sandbox", path = "gate_sandbox.rs")]
#[cfg_attr(feature = "live", path = "gate_live.rs")]
mod gate;
mod history;
mod hook;
mod http;
mod link;
mod lost;
mod networks;
mod open;
mod order;
mod pairing;
mod proxy;
mod ratchets;
mod restrictions;
mod transport;
mod unstored;
mod version;
mod votes;

pub use backend::{Owed, Replays, SentMessages, SqlBackend, SqlBackends};
pub(crate) use events::{Goodbye, News, WireEvent};
pub(crate) use gate::Gate;
pub(crate) use history::Piece;
pub(crate) use hook::{Inbound, InboundSink, NotStored};
pub(crate) use link::{Existence, Link, Trouble};
pub use lost::Lost;
pub(crate) use open::{EventSink, Feeds, Links};
pub use order::Order;
pub(crate) use pairing::{CodeRefusal, PairingCode};
pub(crate) use proxy::Route;
pub use ratchets::Ratchets;
pub(crate) use restrictions::Restriction;
pub(crate) use transport::Ownership;
pub(crate) use unstored::Held;
