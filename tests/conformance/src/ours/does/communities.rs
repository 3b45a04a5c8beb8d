//! Communities and their groups.

use serde_json::{Value, json};
use wacore_binary::Jid;
use whatsapp_rust::{Client, CreateCommunityOptions};

use super::super::refusal;
use super::failed;
use super::groups::jids;
use crate::client::Refusal;

pub(super) async fn create(client: &Client, subject: String) -> Result<Value, Refusal> {
    let options = CreateCommunityOptions {
        closed: true,
        create_general_chat: true,
        ..CreateCommunityOptions::new(subject)
    };
    let made = client.community().create(options).await.map_err(failed)?;
    Ok(json!({ "group": made.metadata.id.to_string() }))
}

pub(super) async fn all(client: &Client) -> Result<Value, Refusal> {
    let communities = client.community().get_participating().await.map_err(failed)?;
    let groups: Vec<String> = communities.keys().map(ToString::to_string).collect();
    Ok(json!({ "groups": groups }))
}

pub(super) async fn subgroups(client: &Client, community: &Jid) -> Result<Value, Refusal> {
    let groups = client.community().get_subgroups(community).await.map_err(failed)?;
    let groups: Vec<String> = groups.iter().map(|group| group.id.to_string()).collect();
    Ok(json!({ "groups": groups }))
}

pub(super) async fn create_subgroup(
    client: &Client,
    community: Jid,
    subject: String,
    members: &[String],
) -> Result<Value, Refusal> {
    let members = jids(members)?;
    let made = client.community().create_subgroup(subject, &members, community).await.map_err(failed)?;
    Ok(json!({ "group": made.metadata.id.to_string() }))
}

pub(super) async fn link(client: &Client, community: Jid, group: Jid, on: bool) -> Result<Value, Refusal> {
    let (communities, groups) = (client.community(), [group]);
    let failed_groups = if on {
        communities.link_subgroups(community, &groups).await.map_err(failed)?.failed_groups
    } else {
        communities.unlink_subgroups(community, &groups, false).await.map_err(failed)?.failed_groups
    };
    match failed_groups.first() {
        None => Ok(Value::Null),
        Some((group, code)) => Err(refusal(format!("{group}: {code}"))),
    }
}

pub(super) async fn join_subgroup(client: &Client, community: Jid, group: Jid) -> Result<Value, Refusal> {
    client.community().join_subgroup(community, group).await.map_err(failed)?;
    Ok(Value::Null)
}
