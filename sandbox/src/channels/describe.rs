//! A channel as GraphQL shows it. Numbers are texts, roles are in small letters: clients read
//! them so. Members that have no value are there all the same, for clients look into them.

use serde_json::{Value, json};

use super::jid_of;
use crate::state::{Channel, Dated, Member, Role};

/// The object behind `xwa2_newsletter` and its relatives, as an account sees it.
pub(crate) fn describe(channel: &Channel, member: Option<&Member>) -> Value {
    let on = |muted: bool| if muted { "ON" } else { "OFF" };
    let follower = on(member.is_some_and(|member| member.follower_muted));
    let admin = on(member.is_some_and(|member| member.admin_muted));
    json!({
        "id": jid_of(channel.id).to_string(),
        "state": { "type": "active" },
        "thread_metadata": {
            "creation_time": channel.created.to_string(),
            "name": dated(&channel.name),
            "description": dated(&channel.description),
            "picture": picture(channel, "IMAGE"),
            "preview": picture(channel, "PREVIEW"),
            "invite": channel.invite,
            "handle": null,
            "subscribers_count": channel.subscribers.to_string(),
            "verification": "UNVERIFIED",
            "settings": { "reaction_codes": { "value": "ALL" } },
        },
        "viewer_metadata": {
            "role": role_name(member),
            "mute": follower,
            "settings": [
                { "type": "MUTE_FOLLOWER_ACTIVITY", "value": follower },
                { "type": "MUTE_ADMIN_ACTIVITY", "value": admin },
            ],
        },
    })
}

fn role_name(member: Option<&Member>) -> &'static str {
    match member.map(|member| member.role) {
        None => "guest",
        Some(Role::Subscriber) => "subscriber",
        Some(Role::Admin) => "admin",
        Some(Role::Owner) => "owner",
    }
}

fn dated(text: &Dated) -> Value {
    let changed = text.changed.to_string();
    json!({ "id": changed, "text": text.text, "update_time": changed })
}

/// A picture is named by the file it is.
fn picture(channel: &Channel, kind: &str) -> Value {
    let id = channel.picture.as_deref().and_then(|path| path.rsplit('/').next());
    json!({ "id": id, "type": kind, "direct_path": channel.picture })
}
