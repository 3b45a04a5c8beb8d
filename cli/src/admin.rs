//! Commands of the person who runs the gateway.

use std::sync::atomic::{AtomicBool, Ordering};

use wagate_domain::{
    auth::ApiKey,
    ports::{ApiKeys, EventLog, Group, Lanes, Leases, Sessions, Workspaces},
};
use wagate_infra::{config::Config, seal::new_key, sql::Rotated};

use crate::{
    args::AdminCommand,
    machines::{Machines, connect_sql},
    up::embedded_sqlite,
};

/// Brings the schema up to date.
pub(crate) async fn migrate(config: Config) -> anyhow::Result<()> {
    let machines = connect(&config).await?;
    say("the database has this version's schema");
    machines.close().await
}

/// Tenants and keys.
pub(crate) async fn run(
    config: impl FnOnce() -> anyhow::Result<Config>,
    command: &AdminCommand,
) -> anyhow::Result<()> {
    match command {
        AdminCommand::NewKey => say(new_key().expose()),
        AdminCommand::RotateKeys => rotate_keys(config()?).await?,
        AdminCommand::CreateWorkspace { name } => create_workspace(config()?, name).await?,
        AdminCommand::CreateKey { workspace, name } => create_key(config()?, workspace, name).await?,
    }
    Ok(())
}

/// Seals everything anew, with the ring that the configuration names or the data directory keeps.
async fn rotate_keys(mut config: Config) -> anyhow::Result<()> {
    let ring = config.ring_or_kept()?;
    if config.database.url.is_none() {
        config.database.url = Some(embedded_sqlite(&std::path::absolute(&config.data_dir)?));
    }
    let sql = connect_sql(&config, &ring, &say).await?;
    let left = AtomicBool::new(false);
    sql.rotate_keys(&|step| {
        say(&told(&step));
        if matches!(step, Rotated::Workspace { left: true, .. }) {
            left.store(true, Ordering::Relaxed);
        }
    })
    .await?;
    sql.close().await?;
    anyhow::ensure!(!left.into_inner(), "some keys are in use still: run it again");
    say("done: only the first key of the ring is needed from now on");
    Ok(())
}

fn told(step: &Rotated) -> String {
    match step {
        Rotated::Wrapped { keys, by } => format!("{keys} data keys wrapped anew by {by}"),
        Rotated::Workspace { workspace, values, deleted, left } => {
            let left = if *left { ", an older one is in use still" } else { "" };
            format!("{workspace}: {values} values sealed with a new key, {deleted} old keys deleted{left}")
        }
    }
}

async fn create_workspace(config: Config, name: &str) -> anyhow::Result<()> {
    let machines = connect(&config).await?;
    let (workspace, secret) = machines.create_workspace(name).await?;
    say(&format!("workspace  {}\nAPI key    {}   (shown once)", workspace.id, secret.expose()));
    machines.close().await
}

async fn create_key(config: Config, workspace: &str, name: &str) -> anyhow::Result<()> {
    let machines = connect(&config).await?;
    let id = workspace.parse()?;
    let known = Workspaces::list(&machines.sql).await?.iter().any(|workspace| workspace.id == id);
    anyhow::ensure!(known, "there is no workspace {id}; wagate doctor lists them");
    let (key, secret) = ApiKey::generate(&machines.env, id, name);
    ApiKeys::insert(&machines.sql, &key).await?;
    say(&format!("API key    {}   (shown once)", secret.expose()));
    machines.close().await
}

async fn connect(config: &Config) -> anyhow::Result<Machines> {
    Machines::connect(config, &config.ring_or_kept()?, &say).await
}

/// Asks every machine and shows what waits.
pub(crate) async fn doctor(config: Config) -> anyhow::Result<()> {
    let machines = connect(&config).await?;
    for check in machines.checks() {
        let verdict = check.ask().await.map_or_else(|error| error, |()| "answers".to_owned());
        say(&format!("{:<12}{verdict}", check.name()));
    }
    say(&format!("{:<12}{} connectors alive", "leases", machines.leases().alive().await?.len()));
    say(&format!("{:<12}{} events not stored yet", "log", machines.log().lag(Group::Store).await?));
    for workspace in Workspaces::list(&machines.sql).await? {
        let sessions = Sessions::list(&machines.sql, workspace.id, None, 1_000).await?;
        say(&format!(
            "{:<12}{} ({}), {} sessions",
            "workspace",
            workspace.id,
            workspace.name,
            sessions.len()
        ));
        for session in sessions {
            let depth = machines.lanes().depth(session.key()).await?;
            say(&format!(
                "  {} {:<12} ready {} + {} bulk, due {}, in flight {}, dead {}",
                session.id,
                session.state,
                depth.interactive,
                depth.bulk,
                depth.due,
                depth.in_flight,
                depth.dead
            ));
        }
    }
    machines.close().await
}

/// Writes the OpenAPI document.
pub(crate) fn openapi() -> anyhow::Result<()> {
    say(wagate_api::openapi_json()?.trim_end());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn say(line: &str) {
    println!("{line}");
}
