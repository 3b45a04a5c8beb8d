//! One's own account: making it, signing in and out, passwords, the second factor.

mod accept_invitation;
mod change_password;
mod confirm_totp;
mod end_sign_in;
mod enrol_totp;
pub(super) mod entered;
mod forgot_password;
mod get;
mod list_sign_ins;
mod refresh;
mod register;
mod remove_totp;
mod renew_recovery_codes;
mod reset_password;
mod second_factor;
mod sign_in;
mod sign_out;
mod sign_out_everywhere;
mod verify;
mod view;

use utoipa_axum::routes;
use wagate_domain::{Invalid, WorkspaceId};

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(get::get_account))
        .routes(routes!(register::register))
        .routes(routes!(verify::verify_address))
        .routes(routes!(accept_invitation::accept_invitation))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(second_factor::finish_sign_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(sign_out::sign_out))
        .routes(routes!(sign_out_everywhere::sign_out_everywhere))
        .routes(routes!(list_sign_ins::list_sign_ins))
        .routes(routes!(end_sign_in::end_sign_in))
        .routes(routes!(change_password::change_password))
        .routes(routes!(forgot_password::forgot_password))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(enrol_totp::enrol_totp))
        .routes(routes!(confirm_totp::confirm_totp))
        .routes(routes!(remove_totp::remove_totp))
        .routes(routes!(renew_recovery_codes::renew_recovery_codes));
    Routes { plain, querying, uploading }
}

/// The workspace that a body names.
pub(super) fn workspace_of(text: Option<&str>) -> Result<Option<WorkspaceId>, Invalid> {
    let wrong =
        |_| Invalid::new("workspace", "is not a workspace id", "use the id (ws_…) of one of your workspaces");
    text.map(|id| id.parse().map_err(wrong)).transpose()
}
