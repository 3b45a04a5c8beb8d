//! A session as it is shown.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::sessions::Session;
use wagate_views::{ReasonView, SessionState};

use super::{pacing::PacingView, proxy::ProxyView};

/// A WhatsApp account linked (or to be linked) to the gateway.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    /// Identifier.
    #[schema(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// What people call it.
    #[schema(example = "support line")]
    name: String,
    /// Where it stands.
    state: SessionState,
    /// Why it stands there, when there is more to say.
    reason: Option<ReasonView>,
    /// Whether the gateway should keep it online.
    started: bool,
    /// Phone number of the linked account; `null` while none is linked.
    #[schema(example = "+6281234567890")]
    phone: Option<String>,
    /// LID of the linked account, digits, once it is known.
    #[schema(example = "123456789012345")]
    lid: Option<String>,
    /// Push name of the linked account.
    #[schema(example = "Budi")]
    push_name: Option<String>,
    /// How fast it may send.
    pacing: PacingView,
    /// What it reaches WhatsApp by; `null`: straight.
    proxy: Option<ProxyView>,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
    /// When it last changed (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:05.120Z")]
    updated_at: String,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        let Session {
            id,
            name,
            state,
            reason,
            wanted,
            pn,
            lid,
            push_name,
            pacing,
            proxy,
            created_at,
            updated_at,
            ..
        } = session;
        Self {
            id: id.to_string(),
            name,
            state: state.into(),
            reason: reason.map(ReasonView::from),
            started: wanted,
            phone: pn.map(|digits| format!("+{digits}")),
            lid,
            push_name,
            pacing: pacing.into(),
            proxy: proxy.map(ProxyView::from),
            created_at: created_at.to_string(),
            updated_at: updated_at.to_string(),
        }
    }
}

/// The example of a session in the documentation.
pub(super) fn example() -> serde_json::Value {
    serde_json::json!({
        "id": "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "name": "support line",
        "state": "connected",
        "reason": null,
        "started": true,
        "phone": "+6281234567890",
        "lid": "123456789012345",
        "push_name": "Budi",
        "pacing": { "per_minute": 20, "burst": 5, "jitter_ms": 1500, "per_day": 1000, "new_chats_per_day": 100,
            "warm_up": { "first_day": 50, "days": 14 }, "quiet_hours": null, "time_zone": "Asia/Jakarta" },
        "proxy": { "url": "socks5://proxy.example.com:1080", "has_credentials": true },
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:05.120Z"
    })
}
