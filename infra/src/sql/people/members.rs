//! Who belongs to which workspace, and who is asked to.

use async_trait::async_trait;
use sea_orm::{DatabaseTransaction, QueryResult};
use wagate_domain::{
    InvitationId, Timestamp, UserId, WorkspaceId,
    auth::Role,
    people::{EmailAddress, Invitation, Member, Person, TokenHash},
    ports::{Joined, MemberChange, Members, PortResult},
};

use super::{change, column, moment, role, row, rows, users};
use crate::sql::{
    Database,
    error::sql_error,
    rows::{parse, parse_optional},
};

const MEMBERS: &str = "SELECT m.user_id, u.address, u.name, m.role, m.created_at FROM memberships m
    JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1";
const INVITATION: &str =
    "SELECT id, workspace_id, address, role, invited_by, created_at, expires_at FROM invitations";
const INVITE: &str = "INSERT INTO invitations (id, workspace_id, address, role, invited_by, token, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (workspace_id, address) DO UPDATE SET id = excluded.id, role = excluded.role, invited_by = excluded.invited_by,
        token = excluded.token, created_at = excluded.created_at, expires_at = excluded.expires_at";
const TAKE: &str =
    "DELETE FROM invitations WHERE token = $1 AND expires_at > $2 RETURNING workspace_id, address, role";
const JOIN: &str = "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING";

#[async_trait]
impl Members for Database {
    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<Member>> {
        let sql = format!("{MEMBERS} ORDER BY m.user_id");
        rows(self.read(), &sql, vec![workspace.to_string().into()]).await?.iter().map(member).collect()
    }

    async fn get(&self, workspace: WorkspaceId, user: UserId) -> PortResult<Option<Member>> {
        let sql = format!("{MEMBERS} AND m.user_id = $2");
        let values = vec![workspace.to_string().into(), user.to_string().into()];
        row(self.read(), &sql, values).await?.map(|row| member(&row)).transpose()
    }

    async fn change(
        &self,
        workspace: WorkspaceId,
        user: UserId,
        from: Role,
        to: Option<Role>,
    ) -> PortResult<MemberChange> {
        let tx = self.begin().await?;
        if from == Role::Owner && to != Some(Role::Owner) {
            let owners = owners(self, &tx, workspace).await?;
            match owners.contains(&user.to_string()) {
                false => return Ok(MemberChange::Moved),
                true if owners.len() == 1 => return Ok(MemberChange::LastOwner),
                true => {}
            }
        }
        let mut values = vec![workspace.to_string().into(), user.to_string().into(), from.name().into()];
        let sql = if let Some(to) = to {
            values.push(to.name().into());
            "UPDATE memberships SET role = $4 WHERE workspace_id = $1 AND user_id = $2 AND role = $3"
        } else {
            "DELETE FROM memberships WHERE workspace_id = $1 AND user_id = $2 AND role = $3"
        };
        let changed = change(&tx, sql, values).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(if changed > 0 { MemberChange::Done } else { MemberChange::Moved })
    }

    async fn workspace_name(&self, workspace: WorkspaceId) -> PortResult<Option<String>> {
        let found =
            row(self.read(), "SELECT name FROM workspaces WHERE id = $1", vec![workspace.to_string().into()]);
        found.await?.map(|row| column(&row, "name")).transpose()
    }

    async fn invite(&self, invitation: &Invitation, token: &TokenHash) -> PortResult<()> {
        let tx = self.begin().await?;
        let values = vec![
            invitation.id.to_string().into(),
            invitation.workspace.to_string().into(),
            invitation.address.as_str().into(),
            invitation.role.name().into(),
            invitation.by.map(|user| user.to_string()).into(),
            token.as_str().into(),
            invitation.created_at.as_millis().into(),
            invitation.expires_at.as_millis().into(),
        ];
        change(&tx, INVITE, values).await?;
        tx.commit().await.map_err(sql_error)
    }

    async fn invitations(&self, workspace: WorkspaceId, now: Timestamp) -> PortResult<Vec<Invitation>> {
        let sql = format!("{INVITATION} WHERE workspace_id = $1 AND expires_at > $2 ORDER BY id");
        let values = vec![workspace.to_string().into(), now.as_millis().into()];
        rows(self.read(), &sql, values).await?.iter().map(invitation).collect()
    }

    async fn invitation(&self, token: &TokenHash, now: Timestamp) -> PortResult<Option<Invitation>> {
        let sql = format!("{INVITATION} WHERE token = $1 AND expires_at > $2");
        let values = vec![token.as_str().into(), now.as_millis().into()];
        row(self.read(), &sql, values).await?.map(|row| invitation(&row)).transpose()
    }

    async fn is_invited(&self, address: &EmailAddress, now: Timestamp) -> PortResult<bool> {
        let sql = "SELECT 1 AS one FROM invitations WHERE address = $1 AND expires_at > $2 LIMIT 1";
        let values = vec![address.as_str().into(), now.as_millis().into()];
        Ok(row(self.read(), sql, values).await?.is_some())
    }

    async fn revoke_invitation(&self, workspace: WorkspaceId, id: InvitationId) -> PortResult<bool> {
        let tx = self.begin().await?;
        let sql = "DELETE FROM invitations WHERE workspace_id = $1 AND id = $2";
        let done = change(&tx, sql, vec![workspace.to_string().into(), id.to_string().into()]).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done > 0)
    }

    async fn accept(
        &self,
        token: &TokenHash,
        newcomer: Option<&Person>,
        now: Timestamp,
    ) -> PortResult<Joined> {
        let tx = self.begin().await?;
        let values = vec![token.as_str().into(), now.as_millis().into()];
        let Some(taken) = row(&tx, TAKE, values).await? else { return Ok(Joined::Gone) };
        let address: EmailAddress = parse("address", &column::<String>(&taken, "address")?)?;
        let Some(user) = account(&tx, &address, newcomer).await? else { return Ok(Joined::NoAccount) };
        let workspace: String = column(&taken, "workspace_id")?;
        let values = vec![
            workspace.into(),
            user.to_string().into(),
            role(&taken)?.name().into(),
            now.as_millis().into(),
        ];
        change(&tx, JOIN, values).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(Joined::Member(user))
    }
}

/// The account of an address, or the newcomer's.
async fn account(
    tx: &DatabaseTransaction,
    address: &EmailAddress,
    newcomer: Option<&Person>,
) -> PortResult<Option<UserId>> {
    if let Some(newcomer) = newcomer.filter(|newcomer| newcomer.address == *address)
        && users::insert(tx, newcomer).await?
    {
        return Ok(Some(newcomer.id));
    }
    let found = row(tx, "SELECT id FROM users WHERE address = $1", vec![address.as_str().into()]).await?;
    found.map(|row| parse("user id", &column::<String>(&row, "id")?)).transpose()
}

/// The owners of a workspace, who stay owners until the end of the transaction.
async fn owners(db: &Database, tx: &DatabaseTransaction, workspace: WorkspaceId) -> PortResult<Vec<String>> {
    // SQLite has one writer at a time, and it is us
    let hold = if db.is_postgres() { " FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT user_id FROM memberships WHERE workspace_id = $1 AND role = 'owner' ORDER BY user_id{hold}"
    );
    let found = rows(tx, &sql, vec![workspace.to_string().into()]).await?;
    found.iter().map(|row| column(row, "user_id")).collect()
}

fn member(row: &QueryResult) -> PortResult<Member> {
    Ok(Member {
        user: parse("user id", &column::<String>(row, "user_id")?)?,
        address: parse("address", &column::<String>(row, "address")?)?,
        name: column(row, "name")?,
        role: role(row)?,
        since: moment(row, "created_at")?,
    })
}

fn invitation(row: &QueryResult) -> PortResult<Invitation> {
    Ok(Invitation {
        id: parse("invitation id", &column::<String>(row, "id")?)?,
        workspace: parse("workspace id", &column::<String>(row, "workspace_id")?)?,
        address: parse("address", &column::<String>(row, "address")?)?,
        role: role(row)?,
        by: parse_optional("user id", column::<Option<String>>(row, "invited_by")?.as_deref())?,
        created_at: moment(row, "created_at")?,
        expires_at: moment(row, "expires_at")?,
    })
}
