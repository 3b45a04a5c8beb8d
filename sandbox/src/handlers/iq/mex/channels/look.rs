//! Reading channels.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{place, place_as};
use crate::channels::{describe, jid_of};
use crate::handlers::iq::mex::{Call, Data, IqError};
use crate::state::Role;

/// By JID or by invite code, whichever `input.type` says.
pub(super) fn metadata(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let kind = call.required("/input/type", "input.type")?.to_ascii_uppercase();
        let place = match kind.as_str() {
            "JID" => place(&call, "/input/key").await?,
            "INVITE" => {
                let code = call.required("/input/key", "input.key")?;
                let found = call.core.state.channel_by_invite(code).await?;
                let channel = found.ok_or_else(|| IqError::NotFound(format!("invite {code}")))?;
                let found = call.core.channel_place(channel.id, call.origin.account.pn).await?;
                found.ok_or_else(|| IqError::NotFound(format!("invite {code}")))?
            }
            _ => return Err(IqError::BadRequest("input.type")),
        };
        Ok(Data::of(describe(&place.channel, place.member.as_ref())))
    })
}

pub(super) fn subscribed(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let own = call.origin.account.pn;
        let mut list = Vec::new();
        for channel in call.core.state.channels_of(own).await? {
            let member = call.core.state.channel_member(channel.id, own).await?;
            list.push(describe(&channel, member.as_ref()));
        }
        Ok(Data::of(Value::Array(list)))
    })
}

pub(super) fn subscribers(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let channel = place(&call, "/newsletter_id").await?.channel;
        Ok(Data::of(json!({ "id": jid_of(channel.id).to_string(), "subscribers": channel.subscribers })))
    })
}

pub(super) fn admin_count(call: Call) -> BoxFuture<'static, Result<Data, IqError>> {
    Box::pin(async move {
        let channel = place_as(&call, Role::Admin).await?.channel;
        let members = call.core.state.channel_members(channel.id).await?;
        let admins = members.iter().filter(|member| member.role >= Role::Admin).count();
        Ok(Data::of(json!({ "id": jid_of(channel.id).to_string(), "admin_count": admins })))
    })
}
