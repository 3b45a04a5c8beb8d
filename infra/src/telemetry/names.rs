//! The names of all metrics the product records, with what they mean, in one place.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// Upper bounds of histograms, all of which count seconds.
pub(super) const LATENCY_BUCKETS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Commands that Redis did not carry out (label `reason`: `unavailable` or `internal`).
pub(crate) const REDIS_FAILURES: &str = "wagate_redis_failures_total";
/// Restarts of the embedded redis-server.
pub(crate) const REDIS_CHILD_RESTARTS: &str = "wagate_redis_child_restarts_total";
/// Messages accepted into lanes.
pub(crate) const LANE_ACCEPTED: &str = "wagate_lane_accepted_total";
/// Messages claimed from lanes.
pub(crate) const LANE_CLAIMED: &str = "wagate_lane_claimed_total";
/// Messages settled (label `verdict`: `done`, `sent`, `retry`, `park` or `bury`).
pub(crate) const LANE_SETTLED: &str = "wagate_lane_settled_total";
/// Queued messages that this version cannot read; each was buried.
pub(crate) const LANE_UNREADABLE: &str = "wagate_lane_unreadable_total";
/// Events appended to the log.
pub(crate) const LOG_APPENDED: &str = "wagate_log_appended_total";

/// What only goes up.
const COUNTERS: [(&str, &str); 16] = [
    (REDIS_FAILURES, "Commands that Redis did not carry out, by reason"),
    (REDIS_CHILD_RESTARTS, "Restarts of the embedded redis-server"),
    (LANE_ACCEPTED, "Messages accepted into lanes"),
    (LANE_CLAIMED, "Messages claimed from lanes"),
    (LANE_SETTLED, "Messages settled, by verdict"),
    (LANE_UNREADABLE, "Queued messages this version cannot read"),
    (LOG_APPENDED, "Events appended to the log"),
    ("wagate_log_stored_total", "Events of the log that SQL has learned"),
    ("wagate_log_unreadable_total", "Log entries this version cannot read"),
    ("wagate_sends_total", "Messages that came to an end, by outcome"),
    ("wagate_send_attempts_total", "Attempts to send, by outcome"),
    ("wagate_inbound_messages_total", "Messages received, by type"),
    ("wagate_media_bytes_total", "Bytes of media moved, by direction"),
    ("wagate_mails_total", "Tries to send a mail, by outcome"),
    ("wagate_job_changes_total", "Things that control jobs changed, by kind"),
    ("wagate_job_failed_total", "Control jobs that failed, by kind"),
];
/// What goes up and down.
const GAUGES: [(&str, &str); 2] = [
    ("wagate_sessions", "Sessions this process holds, by state"),
    ("wagate_log_lag", "Log entries a group has not acknowledged"),
];
/// How long things take, in seconds.
const HISTOGRAMS: [(&str, &str); 2] = [
    ("wagate_http_request_seconds", "From request to answer of the API, by route, method and status"),
    ("wagate_send_seconds", "From claiming a message to WhatsApp's acknowledgement"),
];

/// Tells Prometheus what the names mean.
pub(super) fn describe() {
    for (name, meaning) in COUNTERS {
        describe_counter!(name, meaning);
    }
    for (name, meaning) in GAUGES {
        describe_gauge!(name, meaning);
    }
    for (name, meaning) in HISTOGRAMS {
        describe_histogram!(name, meaning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_the_conventions_of_prometheus() {
        let names = |table: &[(&'static str, &str)]| table.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let all = [names(&COUNTERS), names(&GAUGES), names(&HISTOGRAMS)].concat();
        for name in &all {
            assert!(name.starts_with("wagate_"), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
            assert_eq!(all.iter().filter(|other| *other == name).count(), 1, "{name} stands twice");
        }
        assert!(names(&COUNTERS).iter().all(|name| name.ends_with("_total")));
        assert!(names(&HISTOGRAMS).iter().all(|name| name.ends_with("_seconds")));
    }
}
