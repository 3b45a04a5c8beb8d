//! Who helps to run a channel: invited by the owner, by own consent, until demoted.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::json;
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;

use super::{place, place_as, told};
use crate::channels::{Push, jid_of};
use crate::handlers::iq::mex::{Call, Data, IqError};
use crate::router::Account;
use crate::state::Role;

/// How long clients are told that an invitation lasts; here it lasts until it is used.
const INVITATION_SECS: u64 = 7 * 24 * 3600;

pub(super) fn invite(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let channel = place_as(&call, Role::Owner).await?.channel.id;
        let user = user(&call).await?;
        call.core.state.invite_channel_admin(channel, user.pn).await?;
        let expires = (call.core.clock.unix_secs() + INVITATION_SECS).to_string();
        let id = jid_of(channel).to_string();
        Ok(Data::of(json!({ "id": id, "invite_expiration_time": expires })))
    })
}

pub(super) fn revoke_invite(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let channel = place_as(&call, Role::Owner).await?.channel.id;
        let user = user(&call).await?;
        if !call.core.state.take_channel_admin_invite(channel, user.pn).await? {
            return Err(IqError::NotFound("invitation".to_owned()));
        }
        let id = jid_of(channel).to_string();
        let push = Push {
            operation: "NotificationNewsletterAdminInviteRevoke",
            key: "xwa2_notify_newsletter_on_admin_invite_revoke",
            change: json!({ "id": id }),
            update: None,
        };
        Ok(Data::of(json!({ "id": id })).then(async move {
            told(call.core.push_change(channel, &[user.pn], &call.origin, &push)).await;
        }))
    })
}

pub(super) fn accept_invite(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let place = place(&call, "/newsletter_id").await?;
        let channel = place.channel.id;
        let own = Arc::clone(&call.origin.account);
        if !call.core.state.take_channel_admin_invite(channel, own.pn).await? {
            return Err(IqError::Forbidden("not invited".to_owned()));
        }
        if !place.has(Role::Admin) {
            call.core.state.set_channel_role(channel, own.pn, Role::Admin).await?;
        }
        Ok(data(channel).then(async move { told(tell(&call, channel, &own, PROMOTED)).await }))
    })
}

/// The owner demotes any admin, an admin only itself.
pub(super) fn demote(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let place = place_as(&call, Role::Admin).await?;
        let channel = place.channel.id;
        let user = user(&call).await?;
        if !place.has(Role::Owner) && user.pn != call.origin.account.pn {
            return Err(IqError::Forbidden("only the owner demotes others".to_owned()));
        }
        demand_admin(&call, channel, &user).await?;
        call.core.state.set_channel_role(channel, user.pn, Role::Subscriber).await?;
        Ok(data(channel).then(async move { told(tell(&call, channel, &user, DEMOTED)).await }))
    })
}

pub(super) fn change_owner(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let channel = place_as(&call, Role::Owner).await?.channel.id;
        let user = user(&call).await?;
        demand_admin(&call, channel, &user).await?;
        call.core.state.change_channel_owner(channel, call.origin.account.pn, user.pn).await?;
        Ok(data(channel).then(async move { told(tell(&call, channel, &user, OWNER)).await }))
    })
}

async fn user(call: &Call) -> Result<Arc<Account>, IqError> {
    let named = call.required("/user_id", "user_id")?;
    let jid: Jid = named.parse().map_err(|_| IqError::BadRequest("user_id"))?;
    call.core.user(&jid).await?.ok_or_else(|| IqError::NotFound(named.to_owned()))
}

async fn demand_admin(call: &Call, channel: u64, user: &Account) -> Result<(), IqError> {
    let member = call.core.state.channel_member(channel, user.pn).await?;
    match member.map(|member| member.role) {
        Some(Role::Admin) => Ok(()),
        _ => Err(IqError::Forbidden("that account is no admin of the channel".to_owned())),
    }
}

fn data(channel: u64) -> Data {
    Data::of(json!({ "id": jid_of(channel).to_string(), "state": { "type": "active" } }))
}

/// A change of role as clients are told.
struct Change {
    operation: &'static str,
    key: &'static str,
    role: &'static str,
    /// What clients are told in a notification of its own, which do not learn it from the push.
    action: Option<&'static str>,
}

const PROMOTED: Change = Change {
    operation: "NotificationNewsletterAdminPromote",
    key: "xwa2_notify_newsletter_on_admin_promote",
    role: "ADMIN",
    action: None,
};
const DEMOTED: Change = Change {
    operation: "NotificationNewsletterAdminDemote",
    key: "xwa2_notify_newsletter_on_admin_demote",
    role: "SUBSCRIBER",
    action: Some("demote"),
};
const OWNER: Change = Change {
    operation: "NotificationNewsletterOwnerUpdate",
    key: "xwa2_notify_newsletter_on_owner_update",
    role: "OWNER",
    action: Some("promote"),
};

/// Tells admins and whom it concerns.
async fn tell(call: &Call, channel: u64, user: &Account, change: Change) -> anyhow::Result<()> {
    let members = call.core.state.channel_members(channel).await?;
    let concerned = members.iter().filter(|member| member.role >= Role::Admin || member.pn == user.pn);
    let accounts: Vec<u64> = concerned.map(|member| member.pn).collect();
    let (id, who) = (jid_of(channel).to_string(), user.pn_jid(0));
    let push = Push {
        operation: change.operation,
        key: change.key,
        change: json!({ "id": id, "user": { "id": who.to_string() }, "role": change.role }),
        update: Some(json!({ "jid": id, "user": who.to_string() })),
    };
    call.core.push_change(channel, &accounts, &call.origin, &push).await?;
    let Some(action) = change.action else { return Ok(()) };
    let participant =
        NodeBuilder::new("participant").attr("jid", who).attr("action", action).attr("role", change.role);
    call.core.push_role(channel, &accounts, &call.origin, &participant.build()).await
}
