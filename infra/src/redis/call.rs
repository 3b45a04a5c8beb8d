//! Running scripts and commands, and what their failures mean.

use fred::{
    prelude::{ClientLike, Error, ErrorKind, Value},
    types::{ClusterHash, CustomCommand},
};
use wagate_domain::ports::{PortError, PortResult};

use super::{connect::Redis, scripts::Script};
use crate::telemetry::names;

/// Answers that mean "not now": Redis is starting, failing over, full or overloaded.
const NOT_NOW: [&str; 10] = [
    "LOADING",
    "BUSY ",
    "MASTERDOWN",
    "READONLY",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MISCONF",
    "OOM",
    "NOREPLICAS",
    "UNBLOCKED",
];
/// What our scripts answer a caller whose epoch is not the owner's.
const STALE: &str = "STALE";

/// Where the first key stands among the arguments of EVAL and EVALSHA: after the script and their number.
const FIRST_KEY: usize = 2;

/// What an error of the client means to a caller of a port.
pub(super) fn port_error(error: Error) -> PortError {
    let said = error.details();
    if said.starts_with(STALE) {
        return PortError::Stale;
    }
    let away = match error.kind() {
        ErrorKind::IO
        | ErrorKind::Timeout
        | ErrorKind::Canceled
        | ErrorKind::Backpressure
        | ErrorKind::Routing
        | ErrorKind::Cluster
        | ErrorKind::Auth
        | ErrorKind::Sentinel => true,
        // the client's own way to say that its connection task is gone
        ErrorKind::Unknown => said.contains("router") || said.contains("not initialized") || not_now(said),
        _ => not_now(said),
    };
    let reason = if away { "unavailable" } else { "internal" };
    metrics::counter!(names::REDIS_FAILURES, "reason" => reason).increment(1);
    let source = Box::new(error);
    if away {
        PortError::Unavailable { what: "Redis", source }
    } else {
        PortError::Internal { what: "Redis", source }
    }
}

fn not_now(said: &str) -> bool {
    NOT_NOW.iter().any(|prefix| said.starts_with(prefix))
}

/// Something in Redis is not what we put there.
pub(super) fn garbled(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortError {
    PortError::Internal { what: "Redis", source: what.into() }
}

impl Redis {
    /// Runs a script. All keys must be of one slot.
    pub(super) async fn run(
        &self,
        script: &Script,
        keys: Vec<String>,
        args: Vec<Value>,
    ) -> PortResult<Value> {
        self.try_run(script, keys, args).await.map_err(port_error)
    }

    async fn try_run(&self, script: &Script, keys: Vec<String>, args: Vec<Value>) -> Result<Value, Error> {
        let Some(sha) = script.sha() else {
            return self.eval("EVAL", script.source(), keys, args).await;
        };
        match self.eval("EVALSHA", sha, keys.clone(), args.clone()).await {
            // a server that restarted has forgotten it; it was not run, so sending it again is safe
            Err(error) if error.details().starts_with("NOSCRIPT") => {
                self.eval("EVAL", script.source(), keys, args).await
            }
            answer => answer,
        }
    }

    // fred's own eval functions ignore a client's options: they would wait where we want to fail
    async fn eval(
        &self,
        command: &'static str,
        script: &str,
        keys: Vec<String>,
        args: Vec<Value>,
    ) -> Result<Value, Error> {
        let command = CustomCommand::new_static(command, ClusterHash::Offset(FIRST_KEY), false);
        let mut all: Vec<Value> = vec![script.into(), i64::try_from(keys.len()).unwrap_or_default().into()];
        all.extend(keys.into_iter().map(Value::from));
        all.extend(args);
        self.shared().custom(command, all).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failures_mean() {
        let meaning = |kind, said: &'static str| match port_error(Error::new(kind, said)) {
            PortError::Stale => "stale",
            PortError::Unavailable { .. } => "unavailable",
            PortError::Internal { .. } => "internal",
        };
        for (kind, said, expected) in [
            (ErrorKind::Unknown, "STALE lease", "stale"),
            (ErrorKind::IO, "Connection refused", "unavailable"),
            (ErrorKind::Timeout, "", "unavailable"),
            (ErrorKind::Unknown, "LOADING Redis is loading the dataset in memory", "unavailable"),
            (ErrorKind::Unknown, "OOM command not allowed", "unavailable"),
            (ErrorKind::Unknown, "ERR unknown command", "internal"),
            (ErrorKind::InvalidArgument, "WRONGTYPE Operation against a key", "internal"),
        ] {
            assert_eq!(meaning(kind, said), expected, "{said}");
        }
    }
}
