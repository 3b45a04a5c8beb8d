//! Log lines and metrics.

mod log;
pub(crate) mod names;

pub use log::{LogError, init_log};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// The process's metrics, in the text format of Prometheus.
#[derive(Debug, Clone)]
pub struct Metrics(PrometheusHandle);

/// A recorder of metrics is installed already.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be recorded")]
pub struct MetricsError(#[from] metrics_exporter_prometheus::BuildError);

impl Metrics {
    /// Starts recording metrics in this process. Once per process.
    ///
    /// # Errors
    /// When a recorder is installed already.
    pub fn install() -> Result<Self, MetricsError> {
        let handle = PrometheusBuilder::new().set_buckets(&names::LATENCY_BUCKETS)?.install_recorder()?;
        names::describe();
        Ok(Self(handle))
    }

    /// Everything recorded so far, for `GET /metrics`. Also folds pending histogram samples in,
    /// so memory stays bounded as long as somebody scrapes or [`Self::tidy`] is called.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds pending histogram samples in; to be called every few seconds.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::{Metrics, names};

    #[test]
    fn what_is_recorded_is_rendered_with_what_it_means() {
        let metrics = Metrics::install().unwrap();
        metrics::counter!(names::LANE_ACCEPTED).increment(3);
        metrics::histogram!("wagate_send_seconds").record(0.004);
        metrics.tidy();
        let text = metrics.render();
        for line in [
            "# HELP wagate_lane_accepted_total Messages accepted into lanes",
            "wagate_lane_accepted_total 3",
            "wagate_send_seconds_bucket{le=\"0.005\"} 1",
        ] {
            assert!(text.lines().any(|rendered| rendered == line), "{line} in {text}");
        }
        assert!(Metrics::install().is_err(), "once per process");
    }
}
