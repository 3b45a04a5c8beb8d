//! What people belong to, and how they are asked in.

use futures::future::join_all;
use wagate_domain::{
    UserId, WorkspaceId,
    auth::Role,
    people::{EmailAddress, Invitation, Person, TokenHash},
    ports::{Admitted, Joined, MemberChange, Members, Newcomer, People},
};
use wagate_infra::sql::Database;

use super::{hash, newcomer, person, stored};
use crate::sample::{at, id, workspace};

/// A workspace with an owner.
async fn owned(db: &Database) -> (WorkspaceId, Person) {
    let (owner, own) = (person(), workspace());
    let newcomer = Newcomer { own: Some(&own), ..newcomer(&owner) };
    assert_eq!(db.admit(newcomer, at(1)).await.unwrap(), Admitted::Made);
    (own.id, owner)
}

/// Another member of it.
async fn joined(db: &Database, workspace: WorkspaceId, role: Role) -> Person {
    let person = stored(db).await;
    let (invitation, token) = invitation(workspace, &person.address, role);
    db.invite(&invitation, &token).await.unwrap();
    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::Member(person.id));
    person
}

pub(super) async fn members_change(db: &Database) {
    let (workspace, owner) = owned(db).await;
    let agent = joined(db, workspace, Role::Agent).await;
    let roles = async || -> Vec<(UserId, Role)> {
        let members = Members::list(db, workspace).await.unwrap();
        members.iter().map(|member| (member.user, member.role)).collect()
    };
    assert_eq!(roles().await, [(owner.id, Role::Owner), (agent.id, Role::Agent)]);
    let change = |user, from, to| Members::change(db, workspace, user, from, to);
    assert_eq!(change(agent.id, Role::Viewer, Some(Role::Admin)).await.unwrap(), MemberChange::Moved);
    assert_eq!(change(id(), Role::Viewer, None).await.unwrap(), MemberChange::Moved);
    let elsewhere = Members::change(db, id(), agent.id, Role::Agent, None).await.unwrap();
    assert_eq!(elsewhere, MemberChange::Moved, "another workspace");
    assert_eq!(change(agent.id, Role::Agent, Some(Role::Admin)).await.unwrap(), MemberChange::Done);
    assert_eq!(Members::get(db, workspace, agent.id).await.unwrap().unwrap().role, Role::Admin);
    assert_eq!(Members::get(db, id(), agent.id).await.unwrap(), None);
    assert_eq!(change(owner.id, Role::Owner, None).await.unwrap(), MemberChange::LastOwner);
    assert_eq!(change(owner.id, Role::Owner, Some(Role::Admin)).await.unwrap(), MemberChange::LastOwner);
    assert_eq!(change(agent.id, Role::Admin, None).await.unwrap(), MemberChange::Done);
    assert_eq!(roles().await, [(owner.id, Role::Owner)]);
    let name = db.workspace_name(workspace).await.unwrap();
    assert_eq!((name.as_deref(), db.workspace_name(id()).await.unwrap()), (Some("Ärger & Söhne"), None));
}

pub(super) async fn the_last_owner_stays(db: &Database) {
    for _ in 0..5 {
        let (workspace, first) = owned(db).await;
        let mut owners = vec![first.id];
        for _ in 0..3 {
            owners.push(joined(db, workspace, Role::Owner).await.id);
        }
        let leaving = owners.iter().enumerate().map(|(n, user)| {
            let (db, user) = (db.clone(), *user);
            let to = (n % 2 == 0).then_some(Role::Viewer);
            tokio::spawn(async move { Members::change(&db, workspace, user, Role::Owner, to).await.unwrap() })
        });
        let ends: Vec<MemberChange> = join_all(leaving).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(ends.iter().filter(|end| **end == MemberChange::LastOwner).count(), 1, "{ends:?}");
        let left = Members::list(db, workspace).await.unwrap();
        assert_eq!(left.iter().filter(|member| member.role == Role::Owner).count(), 1);
    }
}

pub(crate) fn invitation(
    workspace: WorkspaceId,
    address: &EmailAddress,
    role: Role,
) -> (Invitation, TokenHash) {
    let address = address.clone();
    let invitation =
        Invitation { id: id(), workspace, address, role, by: None, created_at: at(10), expires_at: at(20) };
    (invitation, hash("invitation"))
}

pub(super) async fn invitations(db: &Database) {
    let (workspace, owner) = owned(db).await;
    let ayu = person();
    let (first, first_token) = invitation(workspace, &ayu.address, Role::Agent);
    db.invite(&first, &first_token).await.unwrap();
    let (mut second, token) = invitation(workspace, &ayu.address, Role::Viewer);
    second.by = Some(owner.id);
    db.invite(&second, &token).await.unwrap();
    assert_eq!(db.invitation(&first_token, at(11)).await.unwrap(), None, "the second took its place");
    assert_eq!(db.invitation(&token, at(11)).await.unwrap().as_ref(), Some(&second));
    assert_eq!(db.invitations(workspace, at(11)).await.unwrap(), [second.clone()]);
    assert_eq!(db.invitations(workspace, at(20)).await.unwrap(), []);
    assert_eq!(db.invitations(id(), at(11)).await.unwrap(), []);

    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::NoAccount);
    assert_eq!(
        db.accept(&token, Some(&person()), at(12)).await.unwrap(),
        Joined::NoAccount,
        "another address"
    );
    assert_eq!(db.accept(&token, Some(&ayu), at(20)).await.unwrap(), Joined::Gone);
    assert_eq!(db.accept(&token, Some(&ayu), at(12)).await.unwrap(), Joined::Member(ayu.id));
    assert_eq!(db.accept(&token, Some(&ayu), at(12)).await.unwrap(), Joined::Gone, "good once");
    assert_eq!(Members::get(db, workspace, ayu.id).await.unwrap().unwrap().role, Role::Viewer);

    let (again, token) = invitation(workspace, &ayu.address, Role::Owner);
    db.invite(&again, &token).await.unwrap();
    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::Member(ayu.id));
    let role = Members::get(db, workspace, ayu.id).await.unwrap().unwrap().role;
    assert_eq!(role, Role::Viewer, "a member keeps the role they have");

    let (open, token) = invitation(workspace, &person().address, Role::Owner);
    db.invite(&open, &token).await.unwrap();
    assert!(!db.revoke_invitation(id(), open.id).await.unwrap(), "another workspace");
    assert!(db.revoke_invitation(workspace, open.id).await.unwrap());
    assert!(!db.revoke_invitation(workspace, open.id).await.unwrap());
    assert_eq!(db.accept(&token, None, at(12)).await.unwrap(), Joined::Gone);
}
