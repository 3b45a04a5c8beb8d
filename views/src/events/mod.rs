//! Events as subscribers see them: one envelope, and one shape of `data` per type.

mod catalogue;
mod chats;
mod envelope;
mod groups;
mod letter;
mod messages;
mod people;
mod reference;
mod sessions;

pub use catalogue::{Entry, catalogue, entry};
pub use envelope::{API_VERSION, Envelope, EventDataView};
pub use letter::{Signed, letter, sign};
pub use reference::{events_reference, events_schema};
