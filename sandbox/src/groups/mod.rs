//! Groups and communities: what they are, who may change what, and what their members are told.
//!
//! Rules are pure: they work on a [`Work`], a copy of the groups they touch, and leave behind
//! the groups as they are to be stored and the notices to send. `Core::change_groups` runs one
//! rule at a time, stores the outcome in one transaction and hands out the notices.

mod change;
mod community;
mod create;
mod directory;
mod element;
mod group;
mod joining;
mod members;
mod notice;
mod refusal;
mod renumber;
mod settings;
#[cfg(test)]
mod tests;
mod work;

pub(crate) use change::Announcement;
pub(crate) use create::NewGroup;
pub(crate) use directory::Groups;
pub(crate) use element::{element, info};
pub(crate) use group::{Ephemeral, Group, GroupId, Mode, Person, Place, Role, Settings, Toggle};
pub(crate) use joining::Joined;
pub(crate) use members::{Candidate, Outcome, Outcomes, RankChange};
pub(crate) use notice::{addressed, participant};
pub(crate) use refusal::Refusal;
pub(crate) use settings::Property;
pub(crate) use work::Work;
