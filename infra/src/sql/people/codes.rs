//! One-time codes.

use sea_orm::DatabaseTransaction;
use wagate_domain::{
    Timestamp,
    people::TokenHash,
    ports::{Code, PortResult, Purpose},
};

use super::{change, column, moment, row};
use crate::sql::{
    Database,
    error::sql_error,
    rows::{parse, parse_optional, text},
};

const INSERT: &str =
    "INSERT INTO one_time_codes (hash, purpose, address, user_id, name, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const FIND: &str = "SELECT address, user_id, name, created_at, expires_at FROM one_time_codes
    WHERE hash = $1 AND purpose = $2 AND expires_at > $3";
const TAKE: &str = "DELETE FROM one_time_codes WHERE hash = $1 AND purpose = $2 AND expires_at > $3";

pub(super) async fn put(db: &Database, code: &Code) -> PortResult<()> {
    let tx = db.begin().await?;
    let now = code.created_at.as_millis();
    change(&tx, "DELETE FROM one_time_codes WHERE expires_at <= $1", vec![now.into()]).await?;
    let values = vec![
        code.hash.as_str().into(),
        code.purpose.name().into(),
        code.address.as_str().into(),
        code.user.map(|user| user.to_string()).into(),
        code.name.as_deref().map(|name| text(name).into_owned()).into(),
        now.into(),
        code.expires_at.as_millis().into(),
    ];
    change(&tx, INSERT, values).await?;
    tx.commit().await.map_err(sql_error)
}

pub(super) async fn find(
    db: &Database,
    hash: &TokenHash,
    purpose: Purpose,
    now: Timestamp,
) -> PortResult<Option<Code>> {
    let values = vec![hash.as_str().into(), purpose.name().into(), now.as_millis().into()];
    let Some(row) = row(db.read(), FIND, values).await? else { return Ok(None) };
    Ok(Some(Code {
        hash: hash.clone(),
        purpose,
        address: parse("address", &column::<String>(&row, "address")?)?,
        user: parse_optional("user id", column::<Option<String>>(&row, "user_id")?.as_deref())?,
        name: column(&row, "name")?,
        created_at: moment(&row, "created_at")?,
        expires_at: moment(&row, "expires_at")?,
    }))
}

/// Uses a code up; of several at once one does.
pub(super) async fn take(
    tx: &DatabaseTransaction,
    hash: &TokenHash,
    purpose: Purpose,
    now: Timestamp,
) -> PortResult<bool> {
    let values = vec![hash.as_str().into(), purpose.name().into(), now.as_millis().into()];
    Ok(change(tx, TAKE, values).await? > 0)
}
