//! The mailbox: mails that are kept to be read instead of being sent, on one's own machine.
//!
//! They hold links that let people in, and there is no key: so it is there in development mode without a mail server
//! only, and for callers on this machine only ([`door`]); for everybody else there is nothing at these addresses.

mod door;
mod json;
mod letter;
mod page;

use std::sync::Arc;

use axum::{Router, middleware::from_fn, routing::get};
use wagate_domain::ports::Mailbox;

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// Mails shown at most, the newest.
const SHOWN: u32 = 200;

/// The pages.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/mailbox", get(page::list_mails))
        .route("/mailbox.json", get(json::list_mails))
        .route("/mailbox/{id}", get(page::show_mail))
        .route("/mailbox/{id}/letter", get(letter::get_letter))
        .layer(from_fn(door::neighbours_only))
}

/// The mailbox, where there is one.
fn mailbox(state: &ApiState) -> Result<&Arc<dyn Mailbox>, Problem> {
    state.mailbox.as_ref().ok_or_else(|| Problem::plain(Code::NotFound))
}
