//! What happened: the entries of the event log, from which everything readable is made.

mod data;
mod event;
mod filter;
mod happenings;
mod kind;
mod list;
mod sample;
mod told;
mod transition;

pub use data::EventData;
pub use event::Event;
pub use filter::{BadFilter, EventFilter};
pub use happenings::{Actor, Call, CallState, ChatChange, GroupChange, HistoryProgress, Presence, Target};
pub use kind::EventKind;
pub use list::{EventsError, LONGEST_WAIT, ListEvents, Selection, Wanted, list, place_of};
pub use sample::sample;
pub use told::{ContactRef, MessageRef, Told, ToldData};
pub use transition::of_transition;
