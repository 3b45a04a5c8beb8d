//! Asking an address to join a workspace.

use std::time::Duration;

use super::{EmailAddress, Invitation, PeoplePorts, TokenSecret, members::grantable, register::send};
use crate::{
    Env, Invalid, InvitationId,
    auth::{Actor, Permissions, Principal, Role},
    mail::Letter,
    ports::PortError,
};

/// How long an invitation can be accepted.
pub const INVITATION_TTL: Duration = Duration::from_hours(7 * 24);

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The role may more than whoever gives it.
    #[error("the role is above the caller's")]
    AboveOwn,
    /// They belong to the workspace already.
    #[error("already a member")]
    AlreadyMember,
    /// There is no such invitation.
    #[error("no such invitation")]
    NotFound,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Invites an address; `may` is what the caller may do in the workspace. An older invitation of it is void.
///
/// # Errors
/// See [`InviteError`].
pub async fn invite(
    env: &Env,
    ports: PeoplePorts<'_>,
    caller: Principal,
    may: Permissions,
    (address, role): (&str, Role),
) -> Result<Invitation, InviteError> {
    let address: EmailAddress = address.parse()?;
    if !grantable(may, role) {
        return Err(InviteError::AboveOwn);
    }
    let members = ports.members.list(caller.workspace).await?;
    if members.iter().any(|member| member.address == address) {
        return Err(InviteError::AlreadyMember);
    }
    let inviter = match caller.actor {
        Actor::Person(user) => ports.people.get(user).await?,
        Actor::Key(_) => None,
    };
    let workspace = ports.members.workspace_name(caller.workspace).await?.unwrap_or_default();
    let (token, now) = (TokenSecret::generate(env), env.now());
    let invitation = Invitation {
        id: env.new_id(),
        workspace: caller.workspace,
        address,
        role,
        by: inviter.as_ref().map(|person| person.id),
        created_at: now,
        expires_at: now.plus(INVITATION_TTL),
    };
    ports.members.invite(&invitation, &token.hash()).await?;
    let by = inviter.map_or_else(|| workspace.clone(), |person| person.name);
    let link = ports.rules.link("invitation", &token);
    let letter = Letter::Invitation { workspace, by, role: role.name().to_owned(), link };
    send(env, ports, &invitation.address, letter).await?;
    Ok(invitation)
}

/// Voids an invitation.
///
/// # Errors
/// See [`InviteError`].
pub async fn revoke_invitation(
    ports: PeoplePorts<'_>,
    caller: Principal,
    id: InvitationId,
) -> Result<(), InviteError> {
    let revoked = ports.members.revoke_invitation(caller.workspace, id).await?;
    if revoked { Ok(()) } else { Err(InviteError::NotFound) }
}
