//! Channels: what GraphQL does with them. Posts are no part of it.

mod admins;
mod change;
mod follow;
mod look;

use wacore::iq::mex_operations as wa_web;
use wacore_binary::Jid;

use super::{Call, IqError, Operation};
use crate::channels::{Place, number_of};
use crate::state::Role;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        ids: &[wa_web::create_newsletter::DOC_ID, "8823471724422422"],
        key: "xwa2_newsletter_create",
        run: change::create,
    },
    Operation {
        ids: &[wa_web::update_newsletter::DOC_ID],
        key: "xwa2_newsletter_update",
        run: change::update,
    },
    Operation {
        ids: &[wa_web::delete_newsletter::DOC_ID],
        key: "xwa2_newsletter_delete_v2",
        run: change::delete,
    },
    Operation {
        ids: &[wa_web::fetch_newsletter::DOC_ID, "6563316087068696"],
        key: "xwa2_newsletter",
        run: look::metadata,
    },
    Operation {
        ids: &[wa_web::fetch_all_newsletters_metadata::DOC_ID],
        key: "xwa2_newsletter_subscribed",
        run: look::subscribed,
    },
    Operation { ids: &["9783111038412085"], key: "xwa2_newsletter_subscribers", run: look::subscribers },
    Operation {
        ids: &[wa_web::fetch_newsletter_admin_info::DOC_ID, "7130823597031706"],
        key: "xwa2_newsletter_admin",
        run: look::admin_count,
    },
    Operation { ids: &[wa_web::join_newsletter::DOC_ID], key: "xwa2_newsletter_join_v2", run: follow::join },
    Operation {
        ids: &[wa_web::leave_newsletter::DOC_ID],
        key: "xwa2_newsletter_leave_v2",
        run: follow::leave,
    },
    Operation {
        ids: &[wa_web::update_newsletter_user_setting::DOC_ID],
        key: "xwa2_newsletter_update_user_setting",
        run: follow::set_mute,
    },
    Operation { ids: &["29766401636284406"], key: "xwa2_newsletter_mute_v2", run: follow::mute },
    Operation { ids: &["9864994326891137"], key: "xwa2_newsletter_unmute_v2", run: follow::unmute },
    Operation {
        ids: &[wa_web::create_newsletter_admin_invite::DOC_ID],
        key: "xwa2_newsletter_admin_invite_create",
        run: admins::invite,
    },
    Operation {
        ids: &[wa_web::revoke_newsletter_admin_invite::DOC_ID],
        key: "xwa2_newsletter_admin_invite_revoke",
        run: admins::revoke_invite,
    },
    Operation {
        ids: &[wa_web::accept_newsletter_admin_invite::DOC_ID],
        key: "xwa2_newsletter_admin_invite_accept",
        run: admins::accept_invite,
    },
    Operation {
        ids: &[wa_web::demote_newsletter_admin::DOC_ID],
        key: "xwa2_newsletter_admin_demote",
        run: admins::demote,
    },
    Operation { ids: &["6551828931592903"], key: "xwa2_newsletter_demote", run: admins::demote },
    Operation {
        ids: &[wa_web::change_newsletter_owner::DOC_ID, "7341777602580933"],
        key: "xwa2_newsletter_change_owner",
        run: admins::change_owner,
    },
];

/// The channel that a variable names, with the caller's place in it.
async fn place(call: &Call, pointer: &str) -> Result<Place, IqError> {
    let named = call.required(pointer, "newsletter_id")?;
    let number = named.parse::<Jid>().ok().as_ref().and_then(number_of);
    let found = match number {
        Some(number) => call.core.channel_place(number, call.origin.account.pn).await?,
        None => None,
    };
    found.ok_or_else(|| IqError::NotFound(named.to_owned()))
}

/// The channel in `newsletter_id`, when the caller has at least a role in it.
async fn place_as(call: &Call, role: Role) -> Result<Place, IqError> {
    let place = place(call, "/newsletter_id").await?;
    if place.has(role) {
        Ok(place)
    } else {
        Err(IqError::Forbidden(format!("this needs to be {role:?} of the channel")))
    }
}

/// Runs what tells others; the change itself has been made.
async fn told(work: impl Future<Output = anyhow::Result<()>>) {
    if let Err(error) = work.await {
        tracing::error!(error = %format!("{error:#}"), "a change of a channel was not told");
    }
}
