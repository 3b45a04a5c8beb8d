//! What is done at the command line, and its entries in the audit log.

use wagate_domain::{
    Env, WorkspaceId,
    audit::{AuditActor, AuditEntry, Outcome},
    auth::{ApiKey, KeySecret, NewKey, Permissions},
    ports::{ApiKeys, AuditLog},
    workspaces::{self, Workspace},
};

use crate::machines::Machines;

impl Machines {
    /// Makes a workspace with one key.
    pub(crate) async fn create_workspace(
        &self,
        name: &str,
        scopes: Permissions,
    ) -> anyhow::Result<(Workspace, KeySecret)> {
        let id: WorkspaceId = self.env.new_id();
        let begun = self.begin(Some(id), "workspace.created", id).await?;
        let workspace = workspaces::create(&self.env, &self.sql, name, None, Some(id.ulid())).await?;
        self.done(begun).await?;
        let secret = self.create_key(id, NewKey { scopes, ..NewKey::mighty("first key") }).await?;
        Ok((workspace, secret))
    }

    /// Makes a key of a workspace.
    pub(crate) async fn create_key(&self, workspace: WorkspaceId, new: NewKey) -> anyhow::Result<KeySecret> {
        let (key, secret) = ApiKey::generate(&self.env, workspace, new);
        let begun = self.begin(Some(workspace), "key.created", key.id).await?;
        ApiKeys::insert(&self.sql, &key).await?;
        self.done(begun).await?;
        Ok(secret)
    }

    /// Puts down in the audit log what is going to be done; see [`begin`].
    pub(crate) async fn begin(
        &self,
        workspace: Option<WorkspaceId>,
        action: &str,
        target: impl ToString,
    ) -> anyhow::Result<AuditEntry> {
        begin(&self.env, &self.sql, workspace, action, target).await
    }

    /// Puts down that it was done.
    pub(crate) async fn done(&self, begun: AuditEntry) -> anyhow::Result<()> {
        done(&self.sql, begun).await
    }
}

/// Puts down in the audit log what is going to be done. If it fails, nobody settles the entry, and it says so.
pub(crate) async fn begin(
    env: &Env,
    log: &impl AuditLog,
    workspace: Option<WorkspaceId>,
    action: &str,
    target: impl ToString,
) -> anyhow::Result<AuditEntry> {
    let entry = AuditEntry {
        id: env.new_id(),
        workspace,
        at: env.now(),
        actor: AuditActor::Console,
        address: None,
        request_id: None,
        action: action.to_owned(),
        outcome: Outcome::Unknown,
        target: Some(target.to_string()),
        before: None,
        after: None,
    };
    log.insert(&entry).await?;
    Ok(entry)
}

/// Puts down that it was done.
pub(crate) async fn done(log: &impl AuditLog, begun: AuditEntry) -> anyhow::Result<()> {
    let entry = AuditEntry { outcome: Outcome::Done, ..begun };
    Ok(log.settle(&entry).await?)
}
