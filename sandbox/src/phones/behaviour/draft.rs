//! A message that is written before it is known to whom.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::content::{Body, MediaKind};
use super::super::outbound::{MediaUpload, Outgoing};
use crate::ports::{PortError, PortResult};

/// A message of a script: text, file or content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MessageDraft {
    /// Text, or the caption of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<FileDraft>,
    /// Anything else. An act that names no message is about the one that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Body>,
    /// Whether it quotes the message that it answers.
    pub quote: bool,
}

/// A file of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDraft {
    /// Kind of message it becomes.
    pub kind: MediaKind,
    /// MIME type.
    pub mimetype: String,
    /// The file itself.
    pub base64: String,
    /// Shown name, for documents.
    #[serde(default)]
    pub file_name: Option<String>,
}

impl MessageDraft {
    pub(super) fn text(text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..Self::default() }
    }

    /// The message to send to `to` in answer to the message `id`.
    pub(super) fn outgoing(&self, to: &str, id: &str) -> PortResult<Outgoing> {
        let mut body = self.content.clone();
        if let Some(act) = &mut body {
            act.aim(id);
        }
        Ok(Outgoing {
            to: to.to_owned(),
            text: self.text.clone(),
            media: self.media.as_ref().map(FileDraft::upload).transpose()?,
            body,
            reply_to: self.quote.then(|| id.to_owned()),
            ..Outgoing::default()
        })
    }
}

impl FileDraft {
    fn upload(&self) -> PortResult<MediaUpload> {
        let body = BASE64_STANDARD
            .decode(&self.base64)
            .map_err(|error| PortError::Refused(format!("the script's file is not base64: {error}")))?;
        Ok(MediaUpload {
            kind: self.kind,
            mimetype: self.mimetype.clone(),
            file_name: self.file_name.clone(),
            body: body.into(),
        })
    }
}
