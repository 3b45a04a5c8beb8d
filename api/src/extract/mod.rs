//! What handlers are given: who calls, which resource, what body. Each refuses with a problem.

mod fields;
mod json;
mod once;
mod path;
mod query;

pub(crate) use crate::admission::{Caller, Grants};
pub(crate) use fields::invalid_from;
pub(crate) use json::{JsonBody, given};
pub(crate) use once::{Answer, Fingerprint, Once};
pub(crate) use path::{ChatPath, DeliveryPath, ExportPath, IdPath};
pub(crate) use query::{Query, moment, refuse_query, session_of};
