//! The description of this API.

use axum::Json;
use utoipa::OpenApi;

use super::{
    app_state, calls, channels, chats, client_errors, connections, contacts, devices, faults, fleet,
    group_changes, groups, history, inbox, media, messages, offline, phones, profile, renewal, restrictions,
    status, time, trace, weather,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "wagate sandbox control",
        description = "Do with simulated phones what a person would do with real ones. Loopback only."
    ),
    paths(
        phones::list,
        phones::create,
        phones::show,
        phones::change,
        phones::presence,
        renewal::reinstall,
        renewal::change_number,
        profile::set_picture,
        profile::remove_picture,
        profile::block,
        profile::unblock,
        profile::privacy,
        contacts::show,
        contacts::save,
        devices::scan,
        devices::pairing_code,
        devices::list,
        devices::passkey_code,
        devices::refresh_code,
        devices::refresh_registration,
        devices::unlink,
        devices::stale,
        app_state::show,
        app_state::actions,
        app_state::change,
        app_state::snapshot,
        app_state::keys,
        app_state::rotate,
        client_errors::list,
        history::create,
        chats::list,
        chats::show,
        chats::messages,
        chats::inbox,
        chats::read,
        chats::typing,
        messages::send,
        messages::show,
        messages::receipts,
        messages::read,
        messages::play,
        messages::media,
        media::expire,
        media::lose,
        groups::list,
        groups::show,
        groups::create,
        groups::change_members,
        groups::join,
        groups::leave,
        group_changes::change,
        group_changes::decide,
        group_changes::link,
        group_changes::unlink,
        offline::show,
        offline::set,
        restrictions::list,
        restrictions::set,
        restrictions::lift,
        connections::list,
        connections::show,
        connections::cut,
        connections::end,
        faults::list,
        faults::add,
        faults::clear,
        faults::show,
        faults::remove,
        faults::add_script,
        faults::show_script,
        faults::remove_script,
        weather::show,
        weather::set,
        weather::clear,
        trace::list,
        trace::set,
        trace::clear,
        channels::list,
        channels::create,
        channels::show,
        channels::change,
        channels::remove,
        channels::follow,
        channels::unfollow,
        channels::posts,
        status::post,
        status::revoke,
        status::react,
        calls::list,
        calls::create,
        calls::show,
        calls::answer,
        calls::end,
        fleet::create,
        fleet::defaults,
        fleet::change_defaults,
        fleet::sink,
        fleet::reset_sink,
        inbox::list,
        inbox::totals,
        time::show,
        time::advance
    )
)]
struct Document;

pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

/// The control API's OpenAPI document.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn openapi_json() -> serde_json::Result<String> {
    Ok(Document::openapi().to_pretty_json()? + "\n")
}
