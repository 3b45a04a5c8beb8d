//! Changing and removing members: nobody reaches above themselves, and a workspace keeps an owner.

use super::{Member, PeoplePorts};
use crate::{
    UserId, WorkspaceId,
    auth::{Actor, Permission, Permissions, Principal, Role},
    ports::{MemberChange, PortError},
};

/// Why a member stayed what they are.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// They are no member.
    #[error("no such member")]
    NotFound,
    /// Their role, or the one they are to get, is above the caller's.
    #[error("the role is above the caller's")]
    AboveOwn,
    /// The caller may change nobody but themselves.
    #[error("the caller may not change members")]
    NotAllowed,
    /// They are the only owner.
    #[error("the last owner")]
    LastOwner,
    /// A machine failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Whether somebody with these permissions may give a role: nobody gives more than they have.
pub(super) const fn grantable(may: Permissions, role: Role) -> bool {
    may.cover(role.may())
}

/// Gives a member another role; `may` is what the caller may do in the workspace.
///
/// # Errors
/// See [`MemberError`].
pub async fn change_role(
    ports: PeoplePorts<'_>,
    caller: Principal,
    may: Permissions,
    user: UserId,
    role: Role,
) -> Result<Member, MemberError> {
    if !may.has(Permission::MembersWrite) {
        return Err(MemberError::NotAllowed);
    }
    if !grantable(may, role) {
        return Err(MemberError::AboveOwn);
    }
    let member = change(ports, caller.workspace, may, user, Some(role)).await?;
    Ok(Member { role, ..member })
}

/// Removes a member. Everybody may leave by themselves, the last owner excepted.
///
/// # Errors
/// See [`MemberError`].
pub async fn remove_member(
    ports: PeoplePorts<'_>,
    caller: Principal,
    may: Permissions,
    user: UserId,
) -> Result<(), MemberError> {
    let leaves = caller.actor == Actor::Person(user);
    if !leaves && !may.has(Permission::MembersWrite) {
        return Err(MemberError::NotAllowed);
    }
    // who leaves is not above themselves, even when their role was raised a moment ago
    let may = if leaves { Permissions::WORKSPACE } else { may };
    change(ports, caller.workspace, may, user, None).await.map(drop)
}

async fn change(
    ports: PeoplePorts<'_>,
    workspace: WorkspaceId,
    may: Permissions,
    user: UserId,
    to: Option<Role>,
) -> Result<Member, MemberError> {
    loop {
        let member = ports.members.get(workspace, user).await?.ok_or(MemberError::NotFound)?;
        if !grantable(may, member.role) {
            return Err(MemberError::AboveOwn);
        }
        match ports.members.change(workspace, user, member.role, to).await? {
            MemberChange::Done => return Ok(member),
            MemberChange::LastOwner => return Err(MemberError::LastOwner),
            // somebody else changed their role since: what it is now may be above the caller's
            MemberChange::Moved => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gives_more_than_they_have() {
        for giver in Role::ALL {
            for given in Role::ALL {
                assert_eq!(grantable(giver.may(), given), given <= giver, "{giver:?} gives {given:?}");
            }
        }
        let key = Permissions::of(&[Permission::MembersWrite]);
        assert!(Role::ALL.iter().all(|role| !grantable(key, *role)), "a narrow key gives no role at all");
    }
}
