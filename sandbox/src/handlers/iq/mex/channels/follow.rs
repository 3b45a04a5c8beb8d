//! Joining, leaving, muting: what an account does for itself. Its other devices are told.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{place, told};
use crate::channels::{Push, describe, jid_of};
use crate::handlers::iq::mex::{Call, Data, IqError};
use crate::state::{Mute, Role};

pub(super) fn join(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let before = place(&call, "/newsletter_id").await?;
        if before.member.is_none() {
            let own = call.origin.account.pn;
            call.core.state.set_channel_role(before.channel.id, own, Role::Subscriber).await?;
        }
        let place = place(&call, "/newsletter_id").await?;
        let shown = describe(&place.channel, place.member.as_ref());
        if before.member.is_some() {
            return Ok(Data::of(shown));
        }
        let push = Push::joined(&shown);
        Ok(tell_own(Data::of(shown), call, place.channel.id, push))
    })
}

/// An owner leaves only after handing the channel over.
pub(super) fn leave(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let place = place(&call, "/newsletter_id").await?;
        if place.has(Role::Owner) {
            return Err(IqError::Forbidden("the owner cannot leave".to_owned()));
        }
        call.core.state.leave_channel(place.channel.id, call.origin.account.pn).await?;
        let id = jid_of(place.channel.id).to_string();
        let data = Data::of(json!({ "id": id, "state": { "type": "active" } }));
        if place.member.is_none() {
            return Ok(data);
        }
        let push = Push {
            operation: "NotificationNewsletterLeave",
            key: "xwa2_notify_newsletter_on_leave",
            change: json!({ "id": id, "role": "guest" }),
            update: None,
        };
        Ok(tell_own(data, call, place.channel.id, push))
    })
}

/// One of two settings, `ON` or `OFF`.
pub(super) fn set_mute(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let what = match call.required("/input/type", "input.type")? {
            "MUTE_FOLLOWER_ACTIVITY" => Mute::Follower,
            "MUTE_ADMIN_ACTIVITY" => Mute::Admin,
            _ => return Err(IqError::BadRequest("input.type")),
        };
        let on = match call.required("/input/value", "input.value")? {
            "ON" => true,
            "OFF" => false,
            _ => return Err(IqError::BadRequest("input.value")),
        };
        change_mute(call, "/input/newsletter_id", what, on).await
    })
}

/// The form of clients that know one setting only.
pub(super) fn mute(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(change_mute(call, "/newsletter_id", Mute::Follower, true))
}

pub(super) fn unmute(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(change_mute(call, "/newsletter_id", Mute::Follower, false))
}

async fn change_mute(call: Call, pointer: &str, what: Mute, on: bool) -> Result<Data, IqError> {
    let before = place(&call, pointer).await?;
    if before.member.is_none() {
        return Err(IqError::Forbidden("only who follows a channel can mute it".to_owned()));
    }
    call.core.state.mute_channel(before.channel.id, call.origin.account.pn, what, on).await?;
    let place = place(&call, pointer).await?;
    let mut shown = describe(&place.channel, place.member.as_ref());
    let viewer = shown.get_mut("viewer_metadata").map(Value::take).unwrap_or_default();
    let id = jid_of(place.channel.id).to_string();
    let push = Push {
        operation: "NotificationNewsletterUserSettingChange",
        key: "xwa2_notify_newsletter_on_mute_change",
        change: json!({ "id": id, "mute": viewer["mute"], "settings": viewer["settings"] }),
        update: None,
    };
    let data = json!({ "id": id, "state": { "type": "active" }, "viewer_metadata": viewer });
    Ok(tell_own(Data::of(data), call, place.channel.id, push))
}

fn tell_own(data: Data, call: Call, channel: u64, push: Push) -> Data {
    data.then(async move {
        told(call.core.push_change(channel, &[call.origin.account.pn], &call.origin, &push)).await;
    })
}
