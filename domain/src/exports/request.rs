//! Asking for an export, and for its file.

use std::time::Duration;

use ulid::Ulid;

use super::{Export, ExportState, MIME};
use crate::{
    Env, ExportId, Timestamp, WorkspaceId,
    ids::Id,
    ports::{Exports, Objects, PortError, Workspaces},
};

/// Most exports of a workspace; each takes room until it expires.
pub const MOST: usize = 10;
/// How long a link to a file stays good.
const DOWNLOAD_LINK: Duration = Duration::from_mins(15);

/// Why there is no new export.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is no such workspace.
    #[error("no such workspace")]
    NotFound,
    /// There are [`MOST`] already.
    #[error("there are {MOST} exports already")]
    TooMany,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Has an export made. While one is waiting for its turn, that one is returned: it will tell the same. Safe to repeat with
/// the same `seed`.
///
/// # Errors
/// See [`RequestError`].
pub async fn request(
    env: &Env,
    workspaces: &dyn Workspaces,
    exports: &dyn Exports,
    workspace: WorkspaceId,
    seed: Option<Ulid>,
) -> Result<Export, RequestError> {
    if workspaces.get(workspace).await?.is_none() {
        return Err(RequestError::NotFound);
    }
    let id = seed.map_or_else(|| env.new_id(), ExportId::from_ulid);
    let known = exports.list(workspace).await?;
    let same = |export: &&Export| export.id == id || export.state == ExportState::Waiting;
    if let Some(export) = known.iter().find(same) {
        return Ok(export.clone());
    }
    if known.len() >= MOST {
        return Err(RequestError::TooMany);
    }
    let export = Export::new(id, workspace, env.now());
    exports.insert(&export).await?;
    Ok(export)
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No such export of this workspace, or it has expired.
    #[error("no such export")]
    NotFound,
    /// There is no file (yet).
    #[error("the export is {}", .0.name())]
    NotReady(ExportState),
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A link to the file of an export, good for fifteen minutes.
///
/// # Errors
/// See [`LinkError`].
pub async fn link(
    exports: &dyn Exports,
    objects: &dyn Objects,
    workspace: WorkspaceId,
    id: ExportId,
    now: Timestamp,
) -> Result<String, LinkError> {
    let export = exports.get(workspace, id).await?.ok_or(LinkError::NotFound)?;
    if export.expires_at.is_some_and(|end| end <= now) {
        return Err(LinkError::NotFound);
    }
    if export.state != ExportState::Done {
        return Err(LinkError::NotReady(export.state));
    }
    let name = export.file_name();
    Ok(objects.presign_get(&export.object_key(), MIME, Some(&name), DOWNLOAD_LINK).await?)
}
