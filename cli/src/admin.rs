//! Commands of the person who runs the gateway.

use std::sync::atomic::{AtomicBool, Ordering};

use wagate_domain::{
    auth::{NewKey, Permissions},
    people,
    ports::{EventLog, Group, Lanes, Leases, Sessions, Workspaces},
    workspaces::{self, ChangeWorkspace},
};
use wagate_infra::{config::Config, seal::new_key, sql::Rotated, system};

use crate::{
    args::{AdminCommand, TenantCommand},
    console, ends,
    machines::{Machines, connect_sql},
    running,
    up::embedded_sqlite,
};

/// Brings the schema up to date.
pub(crate) async fn migrate(config: Config) -> anyhow::Result<()> {
    let machines = connect(&config).await?;
    say("the database has this version's schema");
    machines.close().await
}

/// Tenants, keys and people.
pub(crate) async fn run(
    config: impl FnOnce() -> anyhow::Result<Config>,
    command: &AdminCommand,
) -> anyhow::Result<()> {
    match command {
        AdminCommand::NewKey => {
            say(new_key().expose());
            Ok(())
        }
        AdminCommand::RotateKeys => rotate_keys(config()?).await,
        AdminCommand::Tenants(command) => {
            let mut config = config()?;
            running::find(&mut config)?;
            let machines = connect(&config).await?;
            run_on(&machines, &config, command).await?;
            machines.close().await
        }
    }
}

/// What is done with every machine at hand.
async fn run_on(machines: &Machines, config: &Config, command: &TenantCommand) -> anyhow::Result<()> {
    match command {
        TenantCommand::CreateWorkspace { name } => {
            let (workspace, secret) = machines.create_workspace(name, Permissions::WORKSPACE).await?;
            say(&format!("workspace  {}\nAPI key    {}   (shown once)", workspace.id, secret.expose()));
        }
        TenantCommand::SetPlan { workspace, plan } => {
            let plan = plan.as_deref().map(serde_json::from_str).transpose()?;
            let request = ChangeWorkspace { plan: Some(plan), ..ChangeWorkspace::default() };
            let id = workspace.parse()?;
            let begun = machines.begin(Some(id), "workspace.changed", id).await?;
            let changed = workspaces::change(&machines.sql, id, request).await?;
            machines.done(begun).await?;
            let whose = if changed.plan.is_some() { "of its own" } else { "of the installation" };
            say(&format!("workspace  {} has the plan {whose}", changed.id));
        }
        TenantCommand::Suspend { workspace, reason } => {
            let id = workspace.parse()?;
            let begun = machines.begin(Some(id), "workspace.suspended", id).await?;
            workspaces::suspend(&machines.env, &machines.sql, id, reason).await?;
            machines.done(begun).await?;
            say(&format!("workspace  {id} is suspended"));
        }
        TenantCommand::Delete { workspace, name, without_export } => {
            let named = (workspace.parse()?, name.as_str());
            say(&ends::delete(machines, config, named, !without_export).await?);
        }
        TenantCommand::Export { workspace } => say(&ends::export(machines, workspace.parse()?).await?),
        TenantCommand::Exports { workspace } => {
            ends::exports(machines, workspace.parse()?).await?.iter().for_each(|line| say(line));
        }
        TenantCommand::Restore { workspace } => {
            let id = workspace.parse()?;
            let begun = machines.begin(Some(id), "workspace.restored", id).await?;
            let restored = workspaces::restore(&machines.sql, id).await?;
            machines.done(begun).await?;
            say(&format!("workspace  {} is restored", restored.id));
        }
        TenantCommand::CreateKey { workspace, name, scopes } => {
            let id = workspace.parse()?;
            let known = Workspaces::list(&machines.sql).await?.iter().any(|workspace| workspace.id == id);
            anyhow::ensure!(known, "there is no workspace {id}; wagate doctor lists them");
            let scopes = Permissions::read(scopes.iter().map(String::as_str))?;
            let secret = machines.create_key(id, NewKey { scopes, ..NewKey::mighty(name) }).await?;
            say(&format!("API key    {}   (shown once)", secret.expose()));
        }
        TenantCommand::CreateOperator { address, name } => {
            let people = machines.people(config)?;
            let begun = machines.begin(None, "operator.created", address).await?;
            let operator = people::create_operator(&machines.env, people.ports(), address, name).await?;
            let link = people::password_link(&machines.env, people.ports(), address).await?;
            machines.done(begun).await?;
            say(&format!(
                "operator   {} ({})\npassword   {link}   (good for an hour)",
                operator.address, operator.id
            ));
        }
        TenantCommand::ResetPassword { address } => {
            let people = machines.people(config)?;
            let begun = machines.begin(None, "account.password_link_made", address).await?;
            let link = people::password_link(&machines.env, people.ports(), address).await?;
            machines.done(begun).await?;
            say(&format!("password   {link}   (good for an hour)"));
        }
        TenantCommand::RotateTokenKeys => {
            let people = machines.people(config)?;
            let begun = machines.begin(None, "token_keys.rotated", "tokens").await?;
            let key = people.tokens.rotate().await?;
            machines.done(begun).await?;
            say(&format!("key        {key} signs from now on"));
        }
    }
    Ok(())
}

/// Seals everything anew, with the ring that the configuration names or the data directory keeps.
async fn rotate_keys(mut config: Config) -> anyhow::Result<()> {
    running::find(&mut config)?;
    let ring = config.ring_or_kept()?;
    if config.database.url.is_none() {
        config.database.url = Some(embedded_sqlite(&std::path::absolute(&config.data_dir)?));
    }
    let sql = connect_sql(&config, &ring, &say).await?;
    let begun = console::begin(&system::env(), &sql, None, "encryption_keys.rotated", "ring").await?;
    let left = AtomicBool::new(false);
    sql.rotate_keys(&|step| {
        say(&told(&step));
        if matches!(step, Rotated::Workspace { left: true, .. }) {
            left.store(true, Ordering::Relaxed);
        }
    })
    .await?;
    let left = left.into_inner();
    if !left {
        console::done(&sql, begun).await?;
    }
    sql.close().await?;
    anyhow::ensure!(!left, "some keys are in use still: run it again");
    say("done: only the first key of the ring is needed from now on");
    Ok(())
}

fn told(step: &Rotated) -> String {
    match step {
        Rotated::Wrapped { keys, values, by } => {
            format!("{keys} data keys wrapped anew by {by}, {values} secrets of people and mails sealed anew")
        }
        Rotated::Workspace { workspace, values, deleted, left } => {
            let left = if *left { ", an older one is in use still" } else { "" };
            format!("{workspace}: {values} values sealed with a new key, {deleted} old keys deleted{left}")
        }
    }
}

async fn connect(config: &Config) -> anyhow::Result<Machines> {
    Machines::connect(config, &config.ring_or_kept()?, &say).await
}

/// Asks every machine and shows what waits.
pub(crate) async fn doctor(mut config: Config) -> anyhow::Result<()> {
    running::find(&mut config)?;
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
