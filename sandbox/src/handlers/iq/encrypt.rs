//! `encrypt`: pre-keys. Count, digest, upload, rotation, and bundles of others.

use futures::future::BoxFuture;
use wacore::prekeys::compute_key_bundle_digest;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::request::{Answer, IqError, Request};
use crate::handlers::message::is_user;
use crate::nodes::{blob, child_array, child_number, jid, key_id};
use crate::ports::{KeyBundle, PortError};
use crate::state::DeviceRow;

/// The DJB key type on the wire.
const KEY_TYPE: u8 = 5;

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        if request.node.get_optional_child("count").is_some() {
            let count = request.core.state.count_pre_keys(request.origin()?.key()).await?;
            return Ok(Answer::with(NodeBuilder::new("count").attr("value", count).build()));
        }
        if request.node.get_optional_child("digest").is_some() {
            return digest(&request).await;
        }
        bundles(&request, request.child("key")?).await
    })
}

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        if let Some(rotate) = request.node.get_optional_child("rotate") {
            store_signed(&request, rotate).await?;
            return Ok(Answer::empty());
        }
        let origin = request.origin()?.clone();
        let listed = request.child("list")?.get_children_by_tag("key");
        let keys: Vec<_> = listed
            .map(|key| Some((child_number(key, "id")?, child_array(key, "value")?)))
            .collect::<Option<_>>()
            .ok_or(IqError::BadRequest("key"))?;
        store_signed(&request, &request.node).await?;
        request.core.state.add_pre_keys(origin.key(), keys).await?;
        let core = request.core;
        Ok(Answer::empty().then(async move { core.companion_ready(&origin) }))
    })
}

/// Keeps the `<skey>` under a node.
async fn store_signed(request: &Request, parent: &Node) -> Result<(), IqError> {
    let origin = request.origin()?;
    let skey = parent.get_optional_child("skey").ok_or(IqError::BadRequest("skey"))?;
    let read =
        || Some((child_number(skey, "id")?, child_array(skey, "value")?, child_array(skey, "signature")?));
    let signed = read().ok_or(IqError::BadRequest("skey"))?;
    let registration_id = child_number(parent, "registration");
    let change = |device: &mut DeviceRow| {
        device.registration_id = registration_id.unwrap_or(device.registration_id);
        device.signed_pre_key = signed;
    };
    if request.core.change_device(&origin.account, origin.device, change).await? {
        Ok(())
    } else {
        Err(IqError::NotLoggedIn)
    }
}

async fn digest(request: &Request) -> Result<Answer, IqError> {
    let origin = request.origin()?;
    let device = origin.account.device(origin.device).ok_or(IqError::NotLoggedIn)?;
    let keys = request.core.state.list_pre_keys(origin.key()).await?;
    if keys.is_empty() {
        // The client uploads everything again.
        return Err(IqError::NotFound("one-time keys".to_owned()));
    }
    let (_, skey, signature) = &device.signed_pre_key;
    let publics: Vec<&[u8]> = keys.iter().map(|(_, key)| &key[..]).collect();
    let hash = compute_key_bundle_digest(&device.identity, skey, signature, &publics);
    let ids = keys.iter().map(|(id, _)| blob("id", key_id(*id)));
    let children = [
        blob("registration", device.registration_id.to_be_bytes()),
        blob("type", [KEY_TYPE]),
        blob("identity", device.identity),
        signed_node(&device.signed_pre_key),
        NodeBuilder::new("list").children(ids).build(),
        blob("hash", hash),
    ];
    Ok(Answer::with(NodeBuilder::new("digest").children(children).build()))
}

/// One `<user>` per address asked for, under the address as asked.
async fn bundles(request: &Request, key: &Node) -> Result<Answer, IqError> {
    request.origin()?;
    let mut users = Vec::new();
    for asked in key.get_children_by_tag("user").filter_map(|user| jid(user, "jid")) {
        let bundle =
            if is_user(asked.server) { request.core.bundle(&asked).await.map(Some) } else { Ok(None) };
        users.push(match bundle {
            Ok(Some(bundle)) => user_node(request.core.clock.unix_secs(), &asked, &bundle),
            Ok(None) => no_bundle(asked, 406, "not-acceptable"),
            Err(PortError::NotFound(_)) => no_bundle(asked, 404, "item-not-found"),
            Err(error) => return Err(error.into()),
        });
    }
    Ok(Answer::with(NodeBuilder::new("list").children(users).build()))
}

fn no_bundle(asked: Jid, code: u16, reason: &'static str) -> Node {
    let error = NodeBuilder::new("error").attr("code", code).attr("text", reason).build();
    NodeBuilder::new("user").attr("jid", asked).children([error]).build()
}

fn user_node(now: u64, asked: &Jid, bundle: &KeyBundle) -> Node {
    let mut children = vec![
        blob("registration", bundle.registration_id.to_be_bytes()),
        blob("type", [KEY_TYPE]),
        blob("identity", bundle.identity),
        signed_node(&bundle.signed_pre_key),
    ];
    if let Some((id, key)) = &bundle.one_time {
        let parts = [blob("id", key_id(*id)), blob("value", *key)];
        children.push(NodeBuilder::new("key").children(parts).build());
    }
    if let Some(identity) = &bundle.device_identity {
        children.push(blob("device-identity", identity.to_vec()));
    }
    NodeBuilder::new("user").attr("jid", asked).attr("t", now).children(children).build()
}

fn signed_node((id, key, signature): &(u32, [u8; 32], [u8; 64])) -> Node {
    let parts = [blob("id", key_id(*id)), blob("value", *key), blob("signature", *signature)];
    NodeBuilder::new("skey").children(parts).build()
}
