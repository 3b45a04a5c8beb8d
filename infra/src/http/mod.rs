//! Requests to servers of others. Those that a caller names are guarded, so that nobody reaches our own network through us.

mod addresses;
mod exchange;
mod fetch;
mod guard;
mod post;
mod secure;

pub(crate) use exchange::{Exchange, NoAnswer};
pub use fetch::{FetchTimeouts, GuardedFetch};
pub use guard::Guard;
pub use post::GuardedPost;
pub(crate) use secure::is_secure;
