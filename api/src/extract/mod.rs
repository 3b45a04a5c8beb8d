//! What handlers are given: who calls, which resource, what body. Each refuses with a problem.

mod auth;
mod fields;
mod grants;
mod json;
mod once;
mod path;
mod query;

pub(crate) use auth::Caller;
pub(crate) use fields::invalid_from;
pub(crate) use grants::Grants;
pub(crate) use json::JsonBody;
pub(crate) use once::{Answer, Fingerprint, Once};
pub(crate) use path::{ChatPath, DeliveryPath, IdPath};
pub(crate) use query::{Query, refuse_query, session_of};
