//! Events about a session as a whole, and about the workspace.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{
    events::HistoryProgress,
    media::Media,
    sessions::{Pairing, Reason, State},
};

use crate::{MediaViewState, ReasonView, SessionState};

/// Data of `session.status`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionStatusEvent)]
pub struct SessionStatus {
    /// Where it stands now.
    state: SessionState,
    /// Where it stood before.
    before: Option<SessionState>,
    /// Why, when there is more to say.
    reason: Option<ReasonView>,
}

/// Data of `session.qr`. Whoever has it can link the account: treat it as a secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionQrEvent)]
pub struct SessionQr {
    /// A QR code to scan or a code to type.
    kind: OfferKind,
    /// The text of the QR code, or the eight characters to type.
    #[schema(example = "2@Qz1…,x7H…,9fE…,AbC…")]
    code: String,
    /// After this moment it is refused, and the next one takes its place (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:20.000Z")]
    expires_at: String,
}

/// What a phone can use to link a session.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventOfferKind)]
pub(super) enum OfferKind {
    /// A QR code to scan.
    Qr,
    /// Eight characters to type.
    Code,
}

/// Data of events that say everything by their type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmptyEvent)]
pub struct Nothing {}

/// Data of `session.disconnected`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionDisconnectedEvent)]
pub struct SessionDisconnected {
    /// Where it stands now.
    state: SessionState,
    /// Why, when there is more to say.
    reason: Option<ReasonView>,
}

/// Data of `restriction.started`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RestrictionStartedEvent)]
pub struct RestrictionStarted {
    /// Which restriction, and until when.
    reason: Option<ReasonView>,
}

/// Data of `history.progress`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryProgressEvent)]
pub struct History {
    /// Per cent, as the phone says.
    #[schema(example = 40)]
    percent: u32,
    /// Messages of the past stored by this step.
    messages: u32,
    /// Chats named by this step.
    chats: u32,
    /// Nothing more comes by itself.
    done: bool,
}

/// Data of `media.ready` and `media.failed`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MediaEvent)]
pub struct MediaData {
    /// The media object: `GET /media/{id}` has a link to it.
    #[schema(example = "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    media: String,
    /// `ready`, `failed`, or `expired` when WhatsApp no longer has it.
    state: MediaViewState,
    /// Message it came in with.
    #[schema(example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    message: Option<String>,
    /// MIME type.
    #[schema(example = "image/jpeg")]
    mimetype: String,
    /// Size in bytes; `null` while it is not known.
    size: Option<u64>,
    /// SHA-256 of the file, hex.
    sha256: Option<String>,
    /// Name of the file.
    file_name: Option<String>,
}

/// Data of `webhook.disabled`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDisabledEvent)]
pub struct WebhookDisabled {
    /// Which webhook.
    #[schema(example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    webhook: String,
    /// Its address.
    #[schema(example = "https://example.com/wagate")]
    url: String,
    /// Stable code: `gone` or `failing`.
    #[schema(example = "failing")]
    code: String,
    /// What happened and what to do, for people.
    message: String,
}

impl SessionStatus {
    pub(super) fn new(state: State, before: Option<State>, reason: Option<Reason>) -> Self {
        Self { state: state.into(), before: before.map(Into::into), reason: reason.map(Into::into) }
    }
}

impl From<Pairing> for SessionQr {
    fn from(pairing: Pairing) -> Self {
        let (kind, code, expires_at) = match pairing {
            Pairing::Qr { code, expires_at } => (OfferKind::Qr, code, expires_at),
            Pairing::Code { code, expires_at } => (OfferKind::Code, code, expires_at),
        };
        Self { kind, code, expires_at: expires_at.to_string() }
    }
}

impl SessionDisconnected {
    pub(super) fn new(state: State, reason: Option<Reason>) -> Self {
        Self { state: state.into(), reason: reason.map(Into::into) }
    }
}

impl RestrictionStarted {
    pub(super) fn new(reason: Option<Reason>) -> Self {
        Self { reason: reason.map(Into::into) }
    }
}

impl From<HistoryProgress> for History {
    fn from(progress: HistoryProgress) -> Self {
        let HistoryProgress { percent, messages, chats, done } = progress;
        Self { percent, messages, chats, done }
    }
}

impl From<Media> for MediaData {
    fn from(media: Media) -> Self {
        Self {
            media: media.id.to_string(),
            state: media.state.into(),
            message: media.message.map(|id| id.to_string()),
            mimetype: media.mime,
            size: (media.size > 0).then_some(media.size),
            sha256: media.sha256,
            file_name: media.file_name,
        }
    }
}

impl WebhookDisabled {
    pub(super) const fn new(webhook: String, url: String, code: String, message: String) -> Self {
        Self { webhook, url, code, message }
    }
}
