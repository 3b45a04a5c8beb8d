//! How fast a session may send, as it is shown and asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::sessions;

/// How fast a session may send. What is left out is not limited. All of it holds over restarts.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = Pacing)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PacingView {
    /// Messages a minute, on average; 1 to 6,000.
    #[schema(example = 20)]
    per_minute: Option<u32>,
    /// Messages that may leave at once after a pause; 1 when left out.
    #[schema(example = 5)]
    burst: Option<u32>,
    /// Up to so many milliseconds, drawn anew each time, between two messages.
    #[schema(example = 1500)]
    jitter_ms: u32,
    /// Messages a day.
    #[schema(example = 1000)]
    per_day: Option<u32>,
    /// Chats a day that the account begins, with people it has not written with before. What goes beyond waits for the
    /// next day; replies pass.
    #[schema(example = 100)]
    new_chats_per_day: Option<u32>,
    /// Fewer messages a day while the account is young.
    warm_up: Option<WarmUpView>,
    /// When bulk messages do not leave; interactive ones do.
    quiet_hours: Option<QuietHoursView>,
    /// IANA time zone of days and quiet hours; UTC when left out.
    #[schema(example = "Asia/Jakarta")]
    time_zone: Option<String>,
}

/// A daily cap that grows evenly from the day the account was linked.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[schema(as = WarmUp)]
#[serde(deny_unknown_fields)]
pub(crate) struct WarmUpView {
    /// Messages on the first day.
    #[schema(example = 50)]
    first_day: u32,
    /// Days until `per_day` is reached, up to 90.
    #[schema(example = 14)]
    days: u16,
}

/// A daily span of time; over midnight when it ends before it begins.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[schema(as = QuietHours)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuietHoursView {
    /// `HH:MM`.
    #[schema(example = "22:00")]
    from: String,
    /// `HH:MM`.
    #[schema(example = "07:00")]
    until: String,
}

impl From<PacingView> for sessions::Pacing {
    fn from(view: PacingView) -> Self {
        let PacingView {
            per_minute,
            burst,
            jitter_ms,
            per_day,
            new_chats_per_day,
            warm_up,
            quiet_hours,
            time_zone,
        } = view;
        Self {
            per_minute,
            burst,
            jitter_ms,
            per_day,
            new_chats_per_day,
            warm_up: warm_up.map(|WarmUpView { first_day, days }| sessions::WarmUp { first_day, days }),
            quiet_hours: quiet_hours
                .map(|QuietHoursView { from, until }| sessions::QuietHours { from, until }),
            time_zone,
        }
    }
}

impl From<sessions::Pacing> for PacingView {
    fn from(pacing: sessions::Pacing) -> Self {
        let sessions::Pacing {
            per_minute,
            burst,
            jitter_ms,
            per_day,
            new_chats_per_day,
            warm_up,
            quiet_hours,
            time_zone,
        } = pacing;
        Self {
            per_minute,
            burst,
            jitter_ms,
            per_day,
            new_chats_per_day,
            warm_up: warm_up.map(|sessions::WarmUp { first_day, days }| WarmUpView { first_day, days }),
            quiet_hours: quiet_hours
                .map(|sessions::QuietHours { from, until }| QuietHoursView { from, until }),
            time_zone,
        }
    }
}
