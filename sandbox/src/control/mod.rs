//! The sandbox's own control API: what a person would do with the phones in their hands.
//!
//! JSON over HTTP, for loopback only and therefore without authentication. Errors are
//! RFC 9457 problems that name the field and the remedy. `/openapi.json` describes it.

mod app_state;
mod body;
mod calls;
mod channels;
mod chats;
mod client_errors;
mod connections;
mod contacts;
mod devices;
mod draft;
mod faults;
mod fetch;
mod fleet;
mod group_changes;
mod group_views;
mod groups;
mod guard;
mod history;
mod inbox;
mod media;
mod message_view;
mod messages;
mod multipart;
mod number;
mod offline;
mod openapi;
mod phones;
mod problem;
mod profile;
mod renewal;
mod restrictions;
mod status;
#[cfg(test)]
mod tests;
mod time;
mod trace;
mod views;
mod weather;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, patch, post, put};

use crate::core::Core;
use crate::phones::Simulated;
use crate::ports::Network;

pub use openapi::openapi_json;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::{devices::parse_qr, number::digits};

/// Largest file that can be sent through the control API, in bytes.
const MAX_BODY: usize = 128 * 1024 * 1024;

#[derive(Clone)]
struct Control {
    phones: Arc<Simulated>,
    network: Arc<dyn Network>,
    core: Arc<Core>,
}

/// The control API over these phones, their network and its server. Serve it on loopback.
pub(crate) fn router(phones: Arc<Simulated>, network: Arc<dyn Network>, core: Arc<Core>) -> Router {
    let v1 = Router::new()
        .route("/phones", get(phones::list).post(phones::create))
        .route("/phones:batch", post(fleet::create))
        .route("/defaults", get(fleet::defaults).patch(fleet::change_defaults))
        .route("/sink", get(fleet::sink).delete(fleet::reset_sink))
        .route("/inbox", get(inbox::list))
        .route("/inbox/totals", get(inbox::totals))
        .route("/phones/{number}", get(phones::show).patch(phones::change))
        .route("/phones/{number}/reinstall", post(renewal::reinstall))
        .route("/phones/{number}/change-number", post(renewal::change_number))
        .route("/phones/{number}/picture", put(profile::set_picture).delete(profile::remove_picture))
        .route("/phones/{number}/blocked/{peer}", put(profile::block).delete(profile::unblock))
        .route("/phones/{number}/privacy/{category}", put(profile::privacy))
        .route("/phones/{number}/contacts/{peer}", get(contacts::show).put(contacts::save))
        .route("/phones/{number}/presence", post(phones::presence))
        .route("/phones/{number}/scan", post(devices::scan))
        .route("/phones/{number}/pairing-code", post(devices::pairing_code))
        .route("/phones/{number}/pairing-code/refresh", post(devices::refresh_code))
        .route("/phones/{number}/passkey-code", post(devices::passkey_code))
        .route("/pairings/refresh", post(devices::refresh_registration))
        .route("/phones/{number}/devices", get(devices::list))
        .route("/phones/{number}/stale", post(devices::stale))
        .route("/phones/{number}/devices/{id}", delete(devices::unlink))
        .route("/phones/{number}/app-state", get(app_state::show).post(app_state::change))
        .route("/phones/{number}/app-state/{collection}", get(app_state::actions))
        .route("/phones/{number}/app-state/{collection}/snapshot", post(app_state::snapshot))
        .route("/phones/{number}/app-state-keys", get(app_state::keys).post(app_state::rotate))
        .route("/phones/{number}/client-errors", get(client_errors::list))
        .route("/phones/{number}/history", post(history::create))
        .route("/phones/{number}/chats", get(chats::list))
        .route("/phones/{number}/chats/{peer}", get(chats::show))
        .route("/phones/{number}/chats/{peer}/messages", get(chats::messages))
        .route("/phones/{number}/chats/{peer}/read", post(chats::read))
        .route("/phones/{number}/chats/{peer}/typing", post(chats::typing))
        .route("/phones/{number}/inbox", get(chats::inbox))
        .route("/phones/{number}/messages", post(messages::send))
        .route("/phones/{number}/messages/{id}", get(messages::show))
        .route("/phones/{number}/messages/{id}/receipts", get(messages::receipts))
        .route("/phones/{number}/messages/{id}/read", post(messages::read))
        .route("/phones/{number}/messages/{id}/play", post(messages::play))
        .route("/phones/{number}/messages/{id}/media", get(messages::media).delete(media::lose))
        .route("/media/expire", post(media::expire))
        .route("/phones/{number}/offline", get(offline::show).put(offline::set))
        .route("/phones/{number}/restrictions", get(restrictions::list))
        .route("/phones/{number}/restrictions/{kind}", put(restrictions::set).delete(restrictions::lift))
        .route("/connections", get(connections::list))
        .route("/connections/{id}", get(connections::show).delete(connections::cut))
        .route("/connections/{id}/end", post(connections::end))
        .route("/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/faults/{id}", get(faults::show).delete(faults::remove))
        .route("/scripts", post(faults::add_script))
        .route("/scripts/{id}", get(faults::show_script).delete(faults::remove_script))
        .route("/weather", get(weather::show).put(weather::set).delete(weather::clear))
        .route("/trace", get(trace::list).put(trace::set).delete(trace::clear))
        .route("/phones/{number}/channels", get(channels::list).post(channels::create))
        .route(
            "/phones/{number}/channels/{channel}",
            get(channels::show).patch(channels::change).delete(channels::remove),
        )
        .route("/phones/{number}/channels/{channel}/follow", put(channels::follow).delete(channels::unfollow))
        .route("/phones/{number}/channels/{channel}/posts", get(channels::posts))
        .route("/phones/{number}/status", post(status::post))
        .route("/phones/{number}/status/{id}", delete(status::revoke))
        .route("/phones/{number}/status/{id}/reaction", put(status::react))
        .route("/phones/{number}/calls", get(calls::list).post(calls::create))
        .route("/phones/{number}/calls/{id}", get(calls::show).delete(calls::end))
        .route("/phones/{number}/calls/{id}/answer", post(calls::answer))
        .route("/phones/{number}/groups", post(groups::create))
        .route("/phones/{number}/groups/join", post(groups::join))
        .route("/phones/{number}/groups/{group}", patch(group_changes::change))
        .route("/phones/{number}/groups/{group}/requests", post(group_changes::decide))
        .route(
            "/phones/{number}/groups/{group}/linked/{child}",
            put(group_changes::link).delete(group_changes::unlink),
        )
        .route("/phones/{number}/groups/{group}/members", post(groups::change_members))
        .route("/phones/{number}/groups/{group}/leave", post(groups::leave))
        .route("/groups", get(groups::list))
        .route("/groups/{group}", get(groups::show))
        .route("/time", get(time::show))
        .route("/time/advance", post(time::advance));
    Router::new()
        .nest("/v1", v1)
        .route("/openapi.json", get(openapi::document))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(axum::middleware::from_fn(guard::loopback_only))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Control { phones, network, core })
}
