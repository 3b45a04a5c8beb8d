//! Who belongs to the caller's workspace, and who is asked to.

mod change;
mod invitation_view;
mod invite;
mod list;
mod list_invitations;
mod remove;
mod revoke_invitation;
mod view;

use utoipa_axum::routes;
use wagate_domain::{Invalid, auth::Role};

use super::Routes;

pub(super) fn routes() -> Routes {
    let Routes { plain, querying, uploading } = Routes::new();
    let plain = plain
        .routes(routes!(list::list_members))
        .routes(routes!(change::change_member, remove::remove_member))
        .routes(routes!(invite::invite_member, list_invitations::list_invitations))
        .routes(routes!(revoke_invitation::revoke_invitation));
    Routes { plain, querying, uploading }
}

/// The role that a body names.
fn role_of(name: &str) -> Result<Role, Invalid> {
    let names = Role::ALL.map(Role::name).join(", ");
    Role::named(name)
        .ok_or_else(|| Invalid::new("role", format!("{name} is no role"), format!("use one of {names}")))
}
