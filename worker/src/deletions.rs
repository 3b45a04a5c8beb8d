//! Removes workspaces whose deletion is due, of all workers one at a time. Control jobs are looked at every half minute,
//! several ticks at once; here somebody waits.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wagate_domain::{
    Env,
    ports::PortResult,
    retention::Bounds,
    workspaces::{RemovePorts, remove_due},
};

use crate::{WorkerConfig, WorkerPorts};

const DUTY: &str = "deletions";
/// How long the duty stays with a worker that says nothing. A run may take longer: what two remove at once is gone once.
const LEASE: Duration = Duration::from_secs(30);
/// Steps of a run. Nobody waits for rows of a workspace that is gone, so these are more than retention takes.
const BATCHES: u32 = 100;

/// Removes what is due, now and then, until told to stop.
pub(crate) async fn run(env: Env, ports: WorkerPorts, config: WorkerConfig, stop: CancellationToken) {
    let mut failing = false;
    loop {
        let round = async {
            match round(&env, &ports, &config).await {
                Ok(removed) => {
                    failing = false;
                    metrics::counter!("wagate_workspaces_removed_things_total").increment(removed);
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(error = &error as &dyn std::error::Error, "deletions wait");
                    }
                    failing = true;
                }
            }
            tokio::time::sleep(config.workspaces_every).await;
        };
        tokio::select! {
            // what was begun is taken up by whoever has the duty next
            () = stop.cancelled() => break,
            () = round => {}
        }
    }
    if let Err(error) = ports.duties.give_back(DUTY, &config.process).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "a duty runs out by itself");
    }
}

async fn round(env: &Env, ports: &WorkerPorts, config: &WorkerConfig) -> PortResult<u64> {
    if !ports.duties.take(DUTY, &config.process, LEASE).await? {
        return Ok(0);
    }
    let WorkerPorts { removals, traces, objects, sessions, calls, lanes, .. } = ports;
    let ports = RemovePorts {
        bounds: Bounds { batches: BATCHES, ..Bounds::default() },
        exports_kept: config.exports_kept,
        removals: &**removals,
        traces: &**traces,
        objects: &**objects,
        sessions: &**sessions,
        calls: &**calls,
        lanes: &**lanes,
    };
    remove_due(env, ports).await
}
