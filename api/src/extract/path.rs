//! Ids in the path. One that cannot exist is answered like one that does not.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use wagate_domain::{
    ApiKeyId, ContactId, DeliveryId, EventId, ExportId, IdentityId, InvitationId, MediaId, MessageId,
    SessionId, UserId, WebhookId, WorkspaceId,
};

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// A kind of resource that paths name by id.
pub(crate) trait Resource: FromStr + Send {
    /// The answer when there is none of that id.
    const NOT_FOUND: Code;
}

impl Resource for SessionId {
    const NOT_FOUND: Code = Code::SessionNotFound;
}

impl Resource for MessageId {
    const NOT_FOUND: Code = Code::MessageNotFound;
}

impl Resource for MediaId {
    const NOT_FOUND: Code = Code::MediaNotFound;
}

impl Resource for ContactId {
    const NOT_FOUND: Code = Code::ContactNotFound;
}

impl Resource for WorkspaceId {
    const NOT_FOUND: Code = Code::WorkspaceNotFound;
}

impl Resource for ApiKeyId {
    const NOT_FOUND: Code = Code::KeyNotFound;
}

impl Resource for WebhookId {
    const NOT_FOUND: Code = Code::WebhookNotFound;
}

impl Resource for EventId {
    const NOT_FOUND: Code = Code::EventNotFound;
}

impl Resource for UserId {
    const NOT_FOUND: Code = Code::MemberNotFound;
}

impl Resource for InvitationId {
    const NOT_FOUND: Code = Code::InvitationNotFound;
}

impl Resource for IdentityId {
    const NOT_FOUND: Code = Code::IdentityNotFound;
}

impl Resource for ExportId {
    const NOT_FOUND: Code = Code::ExportNotFound;
}

/// The `{id}` of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdPath<T>(pub(crate) T);

impl<T: Resource> FromRequestParts<ApiState> for IdPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let text = param(parts, state, "id").await?;
        text.parse().map(Self).map_err(|_| Problem::plain(T::NOT_FOUND))
    }
}

/// The `{session}` (or `{id}` of a session) and the `{chat}` behind it.
#[derive(Debug, Clone)]
pub(crate) struct ChatPath {
    /// The session.
    pub(crate) session: SessionId,
    /// Contact id, number or JID, as it was written.
    pub(crate) chat: String,
}

impl FromRequestParts<ApiState> for ChatPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Ok(text) = param(parts, state, "session").await else {
            let IdPath(session) = IdPath::from_request_parts(parts, state).await?;
            return Ok(Self { session, chat: param(parts, state, "chat").await? });
        };
        let session = text.parse().map_err(|_| Problem::plain(Code::ChatNotFound))?;
        Ok(Self { session, chat: param(parts, state, "chat").await? })
    }
}

/// The `{id}` of a webhook and the `{delivery}` behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeliveryPath {
    /// The webhook.
    pub(crate) webhook: WebhookId,
    /// The delivery.
    pub(crate) delivery: DeliveryId,
}

impl FromRequestParts<ApiState> for DeliveryPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let IdPath(webhook) = IdPath::from_request_parts(parts, state).await?;
        let text = param(parts, state, "delivery").await?;
        let delivery = text.parse().map_err(|_| Problem::plain(Code::DeliveryNotFound))?;
        Ok(Self { webhook, delivery })
    }
}

/// The `{id}` of a workspace and the `{export}` behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExportPath {
    /// The workspace.
    pub(crate) workspace: WorkspaceId,
    /// The export.
    pub(crate) export: ExportId,
}

impl FromRequestParts<ApiState> for ExportPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let IdPath(workspace) = IdPath::from_request_parts(parts, state).await?;
        let text = param(parts, state, "export").await?;
        let export = text.parse().map_err(|_| Problem::plain(Code::ExportNotFound))?;
        Ok(Self { workspace, export })
    }
}

async fn param(parts: &mut Parts, state: &ApiState, name: &str) -> Result<String, Problem> {
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        // the path is not UTF-8 after percent-decoding: nothing has such a name
        .map_err(|_| Problem::plain(Code::NotFound))?;
    let found = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    found.ok_or_else(|| Problem::plain(Code::NotFound))
}
