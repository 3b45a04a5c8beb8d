//! Requests to servers that a caller names: guarded, so that nobody reaches our own network through us.

mod addresses;
mod fetch;
mod guard;
mod post;

pub use fetch::{FetchTimeouts, GuardedFetch};
pub use guard::Guard;
pub use post::GuardedPost;
