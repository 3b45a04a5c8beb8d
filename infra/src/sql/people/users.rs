//! Accounts.

use async_trait::async_trait;
use sea_orm::{DatabaseTransaction, QueryResult};
use wagate_domain::{
    SignInId, Timestamp, UserId, WorkspaceId,
    people::{EmailAddress, Membership, PasswordHash, Person, Standing, TokenHash},
    ports::{Admitted, Code, Newcomer, PasswordChange, People, PortResult, Purpose, Standings},
};

use super::{change, codes, column, identities, role, row, rows, sign_ins};
use crate::sql::{
    Database,
    error::sql_error,
    rows::{parse, text},
};

/// The columns of [`person`].
pub(super) const PERSON: &str =
    "u.id, u.address, u.name, u.password, u.operator, u.disabled_at, u.created_at";

const INSERT: &str = "INSERT INTO users (id, address, name, password, operator, disabled_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const OWN: &str = "INSERT INTO workspaces (id, name, created_at) VALUES ($1, $2, $3)";
const OWNER: &str =
    "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES ($1, $2, 'owner', $3)";
const STANDING: &str = "SELECT u.operator, u.disabled_at, m.role FROM users u
    LEFT JOIN memberships m ON m.user_id = u.id AND m.workspace_id = $2 WHERE u.id = $1";
const MEMBERSHIPS: &str = "SELECT m.workspace_id, w.name, m.role FROM memberships m
    JOIN workspaces w ON w.id = m.workspace_id WHERE m.user_id = $1 ORDER BY m.workspace_id";

#[async_trait]
impl Standings for Database {
    async fn standing(&self, user: UserId, workspace: Option<WorkspaceId>) -> PortResult<Option<Standing>> {
        let workspace = workspace.map(|id| id.to_string());
        let Some(row) = row(self.read(), STANDING, vec![user.to_string().into(), workspace.into()]).await?
        else {
            return Ok(None);
        };
        Ok(Some(Standing {
            role: column::<Option<String>>(&row, "role")?.map(|_| role(&row)).transpose()?,
            operator: column(&row, "operator")?,
            disabled: column::<Option<i64>>(&row, "disabled_at")?.is_some(),
        }))
    }
}

#[async_trait]
impl People for Database {
    async fn get(&self, user: UserId) -> PortResult<Option<Person>> {
        let sql = format!("SELECT {PERSON} FROM users u WHERE u.id = $1");
        row(self.read(), &sql, vec![user.to_string().into()]).await?.map(|row| person(&row)).transpose()
    }

    async fn by_address(&self, address: &EmailAddress) -> PortResult<Option<Person>> {
        let sql = format!("SELECT {PERSON} FROM users u WHERE u.address = $1");
        row(self.read(), &sql, vec![address.as_str().into()]).await?.map(|row| person(&row)).transpose()
    }

    async fn memberships(&self, user: UserId) -> PortResult<Vec<Membership>> {
        let membership = |row: &QueryResult| {
            Ok(Membership {
                workspace: parse("workspace id", &column::<String>(row, "workspace_id")?)?,
                workspace_name: column(row, "name")?,
                role: role(row)?,
            })
        };
        rows(self.read(), MEMBERSHIPS, vec![user.to_string().into()]).await?.iter().map(membership).collect()
    }

    async fn admit(&self, newcomer: Newcomer<'_>, now: Timestamp) -> PortResult<Admitted> {
        let tx = self.begin().await?;
        if let Some(code) = newcomer.code
            && !codes::take(&tx, code, Purpose::Registration, now).await?
        {
            return Ok(Admitted::CodeGone);
        }
        let admitted = if insert(&tx, newcomer.person).await? {
            accompany(&tx, newcomer).await?;
            if let Some(identity) = newcomer.identity
                && !identities::insert(&tx, identity).await?
            {
                // without a commit the account is not there either
                return Ok(Admitted::AddressTaken);
            }
            Admitted::Made
        } else {
            Admitted::AddressTaken
        };
        tx.commit().await.map_err(sql_error)?;
        Ok(admitted)
    }

    async fn set_password(
        &self,
        change_to: PasswordChange<'_>,
        now: Timestamp,
    ) -> PortResult<Option<Vec<SignInId>>> {
        let tx = self.begin().await?;
        let user = change_to.user.to_string();
        if let Some(code) = change_to.code {
            let sql = "DELETE FROM one_time_codes WHERE hash = $1 AND purpose = 'reset' AND user_id = $2 AND expires_at > $3";
            let values = vec![code.as_str().into(), user.clone().into(), now.as_millis().into()];
            if change(&tx, sql, values).await? == 0 {
                return Ok(None);
            }
            let sql = "DELETE FROM identities WHERE user_id = $1";
            change(&tx, sql, vec![user.clone().into()]).await?;
        }
        let sql = "UPDATE users SET password = $2 WHERE id = $1";
        if change(&tx, sql, vec![user.clone().into(), change_to.hash.expose().into()]).await? == 0 {
            return Ok(None);
        }
        // a link that somebody else asked for, and a challenge that the old password began
        change(&tx, "DELETE FROM one_time_codes WHERE user_id = $1", vec![user.into()]).await?;
        let ended = sign_ins::end_all(&tx, change_to.user, change_to.keep, now, now).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(Some(ended))
    }

    async fn rehash(&self, user: UserId, old: &PasswordHash, new: &PasswordHash) -> PortResult<()> {
        let tx = self.begin().await?;
        let sql = "UPDATE users SET password = $3 WHERE id = $1 AND password = $2";
        change(&tx, sql, vec![user.to_string().into(), old.expose().into(), new.expose().into()]).await?;
        tx.commit().await.map_err(sql_error)
    }

    async fn make_operator(&self, user: UserId) -> PortResult<()> {
        let tx = self.begin().await?;
        let sql = "UPDATE users SET operator = $2 WHERE id = $1";
        change(&tx, sql, vec![user.to_string().into(), true.into()]).await?;
        tx.commit().await.map_err(sql_error)
    }

    async fn put_code(&self, code: &Code) -> PortResult<()> {
        codes::put(self, code).await
    }

    async fn code(&self, hash: &TokenHash, purpose: Purpose, now: Timestamp) -> PortResult<Option<Code>> {
        codes::find(self, hash, purpose, now).await
    }

    async fn use_code(&self, hash: &TokenHash, purpose: Purpose, now: Timestamp) -> PortResult<bool> {
        let tx = self.begin().await?;
        let used = codes::take(&tx, hash, purpose, now).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(used)
    }
}

/// Stores an account; `false` when its address has one.
pub(super) async fn insert(tx: &DatabaseTransaction, person: &Person) -> PortResult<bool> {
    let values = vec![
        person.id.to_string().into(),
        person.address.as_str().into(),
        text(&person.name).into_owned().into(),
        person.password.as_ref().map(|hash| hash.expose().to_owned()).into(),
        person.operator.into(),
        person.disabled_at.map(Timestamp::as_millis).into(),
        person.created_at.as_millis().into(),
    ];
    Ok(change(tx, INSERT, values).await? > 0)
}

/// Stores the workspace that comes with an account.
async fn accompany(tx: &DatabaseTransaction, newcomer: Newcomer<'_>) -> PortResult<()> {
    let Some(own) = newcomer.own else { return Ok(()) };
    let (id, at) = (own.id.to_string(), own.created_at.as_millis());
    change(tx, OWN, vec![id.clone().into(), text(&own.name).into_owned().into(), at.into()]).await?;
    change(tx, OWNER, vec![id.into(), newcomer.person.id.to_string().into(), at.into()]).await.map(drop)
}

pub(super) fn person(row: &QueryResult) -> PortResult<Person> {
    Ok(Person {
        id: parse("user id", &column::<String>(row, "id")?)?,
        address: parse("address", &column::<String>(row, "address")?)?,
        name: column(row, "name")?,
        password: column::<Option<String>>(row, "password")?.map(PasswordHash::new),
        operator: column(row, "operator")?,
        disabled_at: column::<Option<i64>>(row, "disabled_at")?.map(Timestamp::from_millis),
        created_at: super::moment(row, "created_at")?,
    })
}
