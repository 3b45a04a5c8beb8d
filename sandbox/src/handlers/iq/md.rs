//! `md`: pairing by code, and a companion that unlinks itself.

use bytes::Bytes;
use futures::future::BoxFuture;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::passkey;
use super::request::{Answer, IqError, Request};
use crate::nodes::{blob, child_array, child_content, jid, text};
use crate::ports::CodeFinish;

pub(super) fn set(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        if let Some(step) = request.node.get_optional_child("link_code_companion_reg") {
            return match text(step, "stage").as_deref() {
                Some("companion_hello") => hello(&request, step).await,
                Some("companion_finish") => finish(&request, step),
                _ => Err(IqError::BadRequest("stage")),
            };
        }
        if let Some(step) = passkey::step(&request.node) {
            return passkey::take(&request, step?);
        }
        if let Some(removal) = request.node.get_optional_child("remove-companion-device") {
            return remove(&request, removal);
        }
        tracing::info!(sender = request.sender(), "unknown md request answered with an empty result");
        Ok(Answer::empty())
    })
}

/// The companion shows a code for a number and waits for its phone.
async fn hello(request: &Request, step: &Node) -> Result<Answer, IqError> {
    let link = request.link()?;
    let number = jid(step, "jid").ok_or(IqError::BadRequest("jid"))?;
    let wrapped = child_content(step, "link_code_pairing_wrapped_companion_ephemeral_pub")
        .filter(|wrapped| wrapped.len() == 80)
        .ok_or(IqError::BadRequest("link_code_pairing_wrapped_companion_ephemeral_pub"))?;
    let account = request.core.user(&number).await?.ok_or_else(|| IqError::NotFound(number.to_string()))?;
    let core = &request.core;
    let wrapped = Bytes::copy_from_slice(wrapped);
    let reference = core.pairings.add_code(link, account.pn, wrapped, core.clock.moment());
    let child = NodeBuilder::new("link_code_companion_reg")
        .attr("stage", "companion_hello")
        .children([blob("link_code_pairing_ref", reference.to_vec())])
        .build();
    Ok(Answer::with(child))
}

fn finish(request: &Request, step: &Node) -> Result<Answer, IqError> {
    let bytes = |tag| child_content(step, tag).map(Bytes::copy_from_slice);
    let finish = CodeFinish {
        reference: bytes("link_code_pairing_ref").ok_or(IqError::BadRequest("link_code_pairing_ref"))?,
        wrapped_bundle: bytes("link_code_pairing_wrapped_key_bundle")
            .ok_or(IqError::BadRequest("link_code_pairing_wrapped_key_bundle"))?,
        identity: child_array(step, "companion_identity_public")
            .ok_or(IqError::BadRequest("companion_identity_public"))?,
    };
    let link = std::sync::Arc::clone(request.link()?);
    Ok(Answer::empty().then(async move { link.code_finished(finish) }))
}

/// Any companion may be named, as long as it is of the same account.
fn remove(request: &Request, removal: &Node) -> Result<Answer, IqError> {
    let origin = request.origin()?.clone();
    let device = jid(removal, "jid").map_or(origin.device, |jid| jid.device);
    if !origin.account.has(device) || device == 0 {
        return Err(IqError::NotFound(format!("device {device}")));
    }
    let core = std::sync::Arc::clone(&request.core);
    Ok(Answer::empty().then(async move {
        if let Err(error) = core.remove_companion(&origin.account, device).await {
            tracing::error!(device = %origin.account.key(device), %error, "unlinking failed");
        }
    }))
}
