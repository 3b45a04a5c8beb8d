//! Exports of workspaces. Each is made by one worker at a time, under a lease: when that worker goes away, another one
//! begins it anew. One that takes hours keeps no control job waiting, so this is a task of its own.

mod file;

use std::{sync::atomic::Ordering, time::Duration};

use tokio_util::sync::CancellationToken;
use wagate_domain::{
    Env,
    exports::{Export, MakePorts, Making, expire, make},
    ports::{PortError, PortResult},
};

use crate::{WorkerConfig, WorkerPorts};

/// How long an export stays with a worker that says nothing.
const LEASE: Duration = Duration::from_secs(15);
/// How often that worker says that it is there, and how far it is.
const RENEW: Duration = Duration::from_secs(5);
/// Exports looked at in one round.
const ROUND: u32 = 100;

/// Makes exports that are asked for and deletes those that have expired, until told to stop.
pub(crate) async fn run(env: Env, ports: WorkerPorts, config: WorkerConfig, stop: CancellationToken) {
    loop {
        let round = async {
            if let Err(error) = round(&env, &ports, &config).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "exports wait");
            }
            tokio::time::sleep(config.workspaces_every).await;
        };
        tokio::select! {
            // what is under way is begun anew by another worker
            () = stop.cancelled() => return,
            () = round => {}
        }
    }
}

async fn round(env: &Env, ports: &WorkerPorts, config: &WorkerConfig) -> PortResult<()> {
    for export in ports.exports.unfinished(ROUND).await? {
        let duty = format!("export:{}", export.id);
        if ports.duties.take(&duty, &config.process, LEASE).await? {
            let made = make_leased(env, ports, config, export, &duty).await;
            ports.duties.give_back(&duty, &config.process).await?;
            made?;
        }
    }
    let gone = expire(&*ports.exports, &*ports.objects, env.now()).await?;
    metrics::counter!("wagate_exports_expired_total").increment(gone);
    Ok(())
}

async fn make_leased(
    env: &Env,
    ports: &WorkerPorts,
    config: &WorkerConfig,
    export: Export,
    duty: &str,
) -> PortResult<()> {
    let (bytes, lines) = file::write(ports.sources.clone(), export.workspace, env.now());
    let (workspace, id) = (export.workspace, export.id);
    let so_far = || lines.load(Ordering::Relaxed);
    let making = Making { bytes, lines: &so_far };
    let made = make(env, parts(ports, config), export, making);
    tokio::pin!(made);
    loop {
        tokio::select! {
            made = &mut made => {
                let (export, cause) = made?;
                if let Some(cause) = cause {
                    tracing::warn!(export = %id, attempts = export.attempts, cause, "an export broke off");
                }
                metrics::counter!("wagate_exports_total", "state" => export.state.name()).increment(1);
                return Ok(());
            }
            () = tokio::time::sleep(RENEW) => {
                if !ports.duties.take(duty, &config.process, LEASE).await? {
                    return Err(PortError::Stale);
                }
                ports.exports.note(workspace, id, so_far()).await?;
            }
        }
    }
}

fn parts<'a>(ports: &'a WorkerPorts, config: &WorkerConfig) -> MakePorts<'a> {
    MakePorts { exports: &*ports.exports, objects: &*ports.objects, kept: config.exports_kept }
}
