//! `md`, while a companion is linked by passkey: what it asks for, and its steps.

use bytes::Bytes;
use futures::future::BoxFuture;
use wacore_binary::Node;

use super::request::{Answer, IqError, Request};
use crate::nodes::{blob, child_content, content};
use crate::pairing::PasskeyStep;

/// Between an answer and what the phone says next. whatsapp-rust keeps the session of its prologue, and the ADV secret of
/// its pairing request, only once the task that sent them has taken the answer; what the phone says is read by other tasks,
/// and fails without them (`passkey/flow.rs`: `send_passkey_response`, `drive_continuation`, `confirm`). It sends nothing
/// in between that could be waited for: the notification's ack and the `<ref>` it asks for come before, and answers to
/// pings come from yet another task. The service has a person with a phone in this place.
const PHONE_TAKES: std::time::Duration = std::time::Duration::from_millis(300);

pub(super) fn get(request: Request) -> BoxFuture<'static, Result<Answer, IqError>> {
    Box::pin(async move {
        let desk = &request.link()?.passkey;
        let (tag, value) = if request.node.get_optional_child("ref").is_some() {
            ("ref", desk.reference())
        } else {
            request.child("passkey_request_options")?;
            ("passkey_request_options", desk.options())
        };
        let value = value.ok_or_else(|| IqError::NotFound("passkey request".to_owned()))?;
        Ok(Answer::with(blob(tag, value.into_bytes())))
    })
}

/// A step of the companion; `None` when the request is no such step.
pub(super) fn step(node: &Node) -> Option<Result<PasskeyStep, IqError>> {
    if let Some(prologue) = node.get_optional_child("passkey_prologue") {
        let part =
            |tag| child_content(prologue, tag).map(Bytes::copy_from_slice).ok_or(IqError::BadRequest(tag));
        let read = || {
            Ok(PasskeyStep::Prologue {
                credential: part("credential_id")?,
                assertion: part("webauthn_assertion")?,
                payload: part("prologue_payload")?,
            })
        };
        return Some(read());
    }
    if let Some(nonce) = node.get_optional_child("companion_nonce") {
        let nonce = content(nonce).try_into().map(PasskeyStep::Nonce);
        return Some(nonce.map_err(|_| IqError::BadRequest("companion_nonce")));
    }
    let sealed = node.get_optional_child("encrypted_pairing_request")?;
    Some(Ok(PasskeyStep::Request(Bytes::copy_from_slice(content(sealed)))))
}

/// Hands a step to the link that waits for it.
pub(super) fn take(request: &Request, step: PasskeyStep) -> Result<Answer, IqError> {
    let link = std::sync::Arc::clone(request.link()?);
    if link.passkey.options().is_none() {
        return Err(IqError::NotFound("passkey request".to_owned()));
    }
    Ok(Answer::empty().then(async move {
        tokio::time::sleep(PHONE_TAKES).await;
        if !link.passkey.take(step) {
            tracing::info!("a passkey step came too late");
        }
    }))
}
