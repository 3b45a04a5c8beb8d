//! What people need of the API beside its handlers: the ports, who is signed in, and the cookie of dashboards.

mod cookie;
mod parts;
mod signed_in;
mod visitor;

pub(crate) use cookie::{clearing, refresh_cookie, setting};
pub use parts::PeopleParts;
pub(crate) use signed_in::SignedIn;
pub(crate) use visitor::Visitor;
