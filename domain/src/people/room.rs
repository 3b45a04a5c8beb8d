//! Whether the plan of a workspace has room for another member.

use crate::{
    Env, WorkspaceId,
    limits::{Refusal, Share, Terms},
    ports::Members,
};

/// Whether an address may be invited into a workspace. Who was invited counts as if they had come.
///
/// # Errors
/// [`Refusal::Plan`] when there is no room, or as the ports report them.
pub async fn check_room(
    env: &Env,
    terms: Terms<'_>,
    members: &dyn Members,
    workspace: WorkspaceId,
    address: &str,
) -> Result<(), Refusal> {
    let Some(most) = terms.active(workspace).await?.members else { return Ok(()) };
    let invited = members.invitations(workspace, env.now()).await?;
    let others =
        invited.iter().filter(|invitation| !invitation.address.as_str().eq_ignore_ascii_case(address.trim()));
    let taken = members.list(workspace).await?.len() + others.count();
    if taken < most as usize { Ok(()) } else { Err(Refusal::Plan { share: Share::Members, most }) }
}
