//! Making a workspace, and changing its name and plan. The operator's side.

use ulid::Ulid;

use super::{Plan, Workspace};
use crate::{
    Env, Invalid, WorkspaceId,
    ids::Id,
    ports::{PortError, Workspaces},
};

/// Longest name, in characters.
const MAX_NAME: usize = 100;

/// Why a workspace was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such workspace.
    #[error("no such workspace")]
    NotFound,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeWorkspace {
    /// What people call it.
    pub name: Option<String>,
    /// What it may use; `Some(None)`: what the installation allows.
    pub plan: Option<Option<Plan>>,
}

/// Makes a workspace. Safe to repeat with the same `seed`.
///
/// # Errors
/// See [`ChangeError`].
pub async fn create(
    env: &Env,
    workspaces: &dyn Workspaces,
    name: &str,
    plan: Option<Plan>,
    seed: Option<Ulid>,
) -> Result<Workspace, ChangeError> {
    check_plan(plan.as_ref())?;
    let id = seed.map_or_else(|| env.new_id(), WorkspaceId::from_ulid);
    if seed.is_some()
        && let Some(made) = workspaces.get(id).await?
    {
        return Ok(made);
    }
    let workspace = Workspace { plan, ..Workspace::new(id, check_name(name)?, env.now()) };
    workspaces.insert(&workspace).await?;
    Ok(workspace)
}

/// Changes a workspace. Sessions that a smaller plan has no room for stay; no further ones can be made.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change(
    workspaces: &dyn Workspaces,
    id: WorkspaceId,
    request: ChangeWorkspace,
) -> Result<Workspace, ChangeError> {
    let name = request.name.as_deref().map(check_name).transpose()?;
    check_plan(request.plan.as_ref().and_then(Option::as_ref))?;
    workspaces.change(id, name, request.plan).await?.ok_or(ChangeError::NotFound)
}

fn check_name(name: &str) -> Result<&str, Invalid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Invalid::new("name", "is empty or too long", format!("use 1 to {MAX_NAME} characters")));
    }
    Ok(name)
}

fn check_plan(plan: Option<&Plan>) -> Result<(), Invalid> {
    let within = |wrong: Invalid| Invalid { field: format!("plan.{}", wrong.field), ..wrong };
    plan.map_or(Ok(()), Plan::check).map_err(within)
}
