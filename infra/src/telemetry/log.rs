//! Where log lines go and how they look.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogConfig, LogFormat};

/// Logging cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `log.filter` is not a list of directives.
    #[error(
        "log.filter is not a filter; write level or target=level, comma-separated (info,wagate_api=debug)"
    )]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Logging was set up before.
    #[error("logging was set up before")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends log lines to standard error. Colours only on a terminal. Once per process.
///
/// # Errors
/// See [`LogError`].
pub fn init_log(config: &LogConfig) -> Result<(), LogError> {
    let filter = EnvFilter::builder().parse(&config.filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    match config.format {
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
            registry.with(lines).try_init()?;
        }
        LogFormat::Pretty => {
            let colours = std::io::stderr().is_terminal();
            let lines = fmt::layer().compact().with_ansi(colours).with_writer(std::io::stderr);
            registry.with(lines).try_init()?;
        }
    }
    Ok(())
}
