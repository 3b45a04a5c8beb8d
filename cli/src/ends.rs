//! Exporting and deleting workspaces at the command line.

use wagate_domain::{
    WorkspaceId,
    audit::AuditEntry,
    exports::{self, Export, ExportState},
    ports::Exports,
    workspaces::{self, DeletePorts, DeleteWorkspace},
};
use wagate_infra::config::Config;

use crate::machines::Machines;

/// Has a workspace deleted; what to tell of it.
pub(crate) async fn delete(
    machines: &Machines,
    config: &Config,
    (id, name): (WorkspaceId, &str),
    export: bool,
) -> anyhow::Result<String> {
    let request =
        DeleteWorkspace { confirm: name.to_owned(), export, grace: config.workspaces.deletion_grace };
    let ports = DeletePorts { workspaces: &machines.sql, exports: &machines.sql };
    // the log of the workspace itself goes with it
    let begun = machines.begin(None, "workspace.deletion_asked_for", id).await?;
    let deleted = workspaces::delete(&machines.env, ports, id, request).await?;
    machines.done(begun).await?;
    let due = deleted.deletion.map(|deletion| deletion.due_at.to_string()).unwrap_or_default();
    Ok(format!("workspace  {id} is removed after {due}; until then: wagate admin restore {id}"))
}

/// Has a workspace exported; what to tell of it.
pub(crate) async fn export(machines: &Machines, id: WorkspaceId) -> anyhow::Result<String> {
    let sql = &machines.sql;
    let begun = machines.begin(Some(id), "export.asked_for", id).await?;
    let export = exports::request(&machines.env, sql, sql, id, None).await?;
    machines.done(AuditEntry { target: Some(export.id.to_string()), ..begun }).await?;
    Ok(format!("export     {} is asked for; wagate admin exports {id} shows it", export.id))
}

/// Where the exports of a workspace stand, and links to files that are there.
pub(crate) async fn exports(machines: &Machines, workspace: WorkspaceId) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for Export { id, state, lines: written, bytes, .. } in Exports::list(&machines.sql, workspace).await? {
        lines.push(format!("export     {id} {}: {written} lines, {bytes} bytes", state.name()));
        if state == ExportState::Done {
            let now = machines.env.now();
            let link = exports::link(&machines.sql, &machines.s3, workspace, id, now).await?;
            lines.push(format!("  {link}   (good for fifteen minutes)"));
        }
    }
    Ok(lines)
}
