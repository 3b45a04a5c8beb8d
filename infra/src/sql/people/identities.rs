//! Which accounts at providers let whom in.

use async_trait::async_trait;
use sea_orm::{DatabaseTransaction, QueryResult};
use wagate_domain::{
    IdentityId, UserId,
    people::{Identity, Person},
    ports::{Identities, PortResult, Unlinked},
};

use super::{
    change, column, moment, row, rows,
    users::{PERSON, person},
};
use crate::sql::{
    Database,
    error::sql_error,
    rows::{parse, parse_optional},
};

const IDENTITY: &str = "SELECT id, user_id, issuer, subject, address, created_at FROM identities";
const INSERT: &str = "INSERT INTO identities (id, user_id, issuer, subject, address, created_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issuer, subject) DO NOTHING";

#[async_trait]
impl Identities for Database {
    async fn person(&self, issuer: &str, subject: &str) -> PortResult<Option<Person>> {
        let sql = format!(
            "SELECT {PERSON} FROM identities i JOIN users u ON u.id = i.user_id WHERE i.issuer = $1 AND i.subject = $2"
        );
        let found = row(self.read(), &sql, vec![issuer.into(), subject.into()]).await?;
        found.map(|row| person(&row)).transpose()
    }

    async fn list(&self, user: UserId) -> PortResult<Vec<Identity>> {
        let sql = format!("{IDENTITY} WHERE user_id = $1 ORDER BY id");
        rows(self.read(), &sql, vec![user.to_string().into()]).await?.iter().map(identity).collect()
    }

    async fn link(&self, new: &Identity) -> PortResult<Option<Identity>> {
        let tx = self.begin().await?;
        insert(&tx, new).await?;
        let sql = format!("{IDENTITY} WHERE issuer = $1 AND subject = $2 AND user_id = $3");
        let values =
            vec![new.issuer.as_str().into(), new.subject.as_str().into(), new.user.to_string().into()];
        let linked = row(&tx, &sql, values).await?.map(|row| identity(&row)).transpose()?;
        tx.commit().await.map_err(sql_error)?;
        Ok(linked)
    }

    async fn unlink(&self, user: UserId, id: IdentityId) -> PortResult<Unlinked> {
        let tx = self.begin().await?;
        let has_password = has_password(self, &tx, user).await?;
        let sql = format!("{IDENTITY} WHERE user_id = $1");
        let all: Vec<Identity> = rows(&tx, &sql, vec![user.to_string().into()])
            .await?
            .iter()
            .map(identity)
            .collect::<PortResult<_>>()?;
        let ways_in = all.len() + usize::from(has_password);
        let Some(gone) = all.into_iter().find(|identity| identity.id == id) else {
            return Ok(Unlinked::NotFound);
        };
        if ways_in == 1 {
            return Ok(Unlinked::LastWayIn);
        }
        change(&tx, "DELETE FROM identities WHERE id = $1", vec![id.to_string().into()]).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(Unlinked::Gone(gone))
    }
}

/// Stores an identity; `false` when it is on record already.
pub(super) async fn insert(tx: &DatabaseTransaction, identity: &Identity) -> PortResult<bool> {
    let values = vec![
        identity.id.to_string().into(),
        identity.user.to_string().into(),
        identity.issuer.as_str().into(),
        identity.subject.as_str().into(),
        identity.address.as_ref().map(|address| address.as_str().to_owned()).into(),
        identity.created_at.as_millis().into(),
    ];
    Ok(change(tx, INSERT, values).await? > 0)
}

/// Whether a person has a password. Nobody else changes what lets them in until the end of the transaction.
async fn has_password(db: &Database, tx: &DatabaseTransaction, user: UserId) -> PortResult<bool> {
    // SQLite has one writer at a time, and it is us
    let hold = if db.is_postgres() { " FOR UPDATE" } else { "" };
    let sql = format!("SELECT password FROM users WHERE id = $1{hold}");
    let Some(found) = row(tx, &sql, vec![user.to_string().into()]).await? else { return Ok(false) };
    Ok(column::<Option<String>>(&found, "password")?.is_some())
}

fn identity(row: &QueryResult) -> PortResult<Identity> {
    Ok(Identity {
        id: parse("identity id", &column::<String>(row, "id")?)?,
        user: parse("user id", &column::<String>(row, "user_id")?)?,
        issuer: column(row, "issuer")?,
        subject: column(row, "subject")?,
        address: parse_optional("address", column::<Option<String>>(row, "address")?.as_deref())?,
        created_at: moment(row, "created_at")?,
    })
}
