//! Sign-ins and their refresh tokens.

use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{DatabaseTransaction, QueryResult};
use wagate_domain::{
    SignInId, Timestamp, UserId,
    people::{SignIn, TokenHash},
    ports::{EarlierUse, PortResult, Presented, Rotation, SignIns},
};

use super::{change, column, moment, row, rows};
use crate::sql::{
    Database,
    error::{internal, sql_error},
    rows::{parse, parse_optional, text},
};

/// How long a sign-in is kept after its end.
const KEEP: Duration = Duration::from_hours(30 * 24);

const SIGN_IN: &str = "s.id, s.user_id, s.created_at, s.used_at, s.expires_at, s.agent, s.origin";
const INSERT: &str = "INSERT INTO sign_ins (id, user_id, created_at, used_at, expires_at, agent, origin)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const TOKEN: &str = "INSERT INTO refresh_tokens (hash, sign_in_id) VALUES ($1, $2)";
const FORGET: &str =
    "DELETE FROM sign_ins WHERE user_id = $1 AND (ended_at < $2 OR expires_at < $2 OR used_at < $3)";
/// Raises the moment of use first: whoever does it holds the sign-in, so that the same token of somebody else, and
/// the end of the sign-in, wait for us or we for them.
const TOUCH: &str = "UPDATE sign_ins SET used_at = $2
    WHERE id = (SELECT sign_in_id FROM refresh_tokens WHERE hash = $1)
        AND ended_at IS NULL AND expires_at > $2 AND used_at > $3
    RETURNING id, user_id, created_at, used_at, expires_at, agent, origin";
const USE: &str =
    "UPDATE refresh_tokens SET used_at = $2, salt = $3, successor = $4 WHERE hash = $1 AND used_at IS NULL";
/// Used so long ago, a token that comes again is taken for one that never was.
const FORGET_USED: &str = "DELETE FROM refresh_tokens WHERE sign_in_id = $1 AND used_at < $2";
const EARLIER: &str = "SELECT t.used_at, t.salt, n.used_at AS next_used_at FROM refresh_tokens t
    LEFT JOIN refresh_tokens n ON n.hash = t.successor WHERE t.hash = $1";
const END_ALL: &str =
    "UPDATE sign_ins SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL AND id <> $3";
const ENDED: &str = "SELECT id FROM sign_ins WHERE user_id = $1 AND ended_at >= $2 AND id <> $3";

#[async_trait]
impl SignIns for Database {
    async fn begin(&self, sign_in: &SignIn, token: &TokenHash) -> PortResult<()> {
        let tx = Self::begin(self).await?;
        let (user, now) = (sign_in.user.to_string(), sign_in.created_at);
        let long_ago = now.minus(KEEP).as_millis();
        let idle = now.minus(KEEP * 2).as_millis();
        change(&tx, FORGET, vec![user.clone().into(), long_ago.into(), idle.into()]).await?;
        let values = vec![
            sign_in.id.to_string().into(),
            user.into(),
            now.as_millis().into(),
            sign_in.used_at.as_millis().into(),
            sign_in.expires_at.as_millis().into(),
            sign_in.agent.as_deref().map(|agent| text(agent).into_owned()).into(),
            sign_in.origin.map(|origin| origin.to_string()).into(),
        ];
        change(&tx, INSERT, values).await?;
        change(&tx, TOKEN, vec![token.as_str().into(), sign_in.id.to_string().into()]).await?;
        tx.commit().await.map_err(sql_error)
    }

    async fn rotate(&self, presented: Presented<'_>) -> PortResult<Option<Rotation>> {
        let tx = Self::begin(self).await?;
        let (token, now) = (presented.token.as_str(), presented.now.as_millis());
        let values = vec![token.into(), now.into(), presented.idle_since.as_millis().into()];
        let Some(found) = row(&tx, TOUCH, values).await? else { return Ok(None) };
        let sign_in = sign_in(&found)?;
        let values =
            vec![token.into(), now.into(), presented.salt.into(), presented.successor.as_str().into()];
        let before = if change(&tx, USE, values).await? > 0 {
            let id = sign_in.id.to_string();
            change(&tx, TOKEN, vec![presented.successor.as_str().into(), id.clone().into()]).await?;
            change(&tx, FORGET_USED, vec![id.into(), presented.idle_since.as_millis().into()]).await?;
            None
        } else {
            let row = row(&tx, EARLIER, vec![token.into()]).await?;
            Some(earlier(&row.ok_or_else(|| internal("a refresh token vanished"))?)?)
        };
        tx.commit().await.map_err(sql_error)?;
        Ok(Some(Rotation { sign_in, before }))
    }

    async fn list(&self, user: UserId, now: Timestamp, idle_since: Timestamp) -> PortResult<Vec<SignIn>> {
        let sql = format!(
            "SELECT {SIGN_IN} FROM sign_ins s WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.expires_at > $2
             AND s.used_at > $3 ORDER BY s.id"
        );
        let values = vec![user.to_string().into(), now.as_millis().into(), idle_since.as_millis().into()];
        rows(self.read(), &sql, values).await?.iter().map(sign_in).collect()
    }

    async fn end(&self, user: UserId, id: SignInId, now: Timestamp) -> PortResult<bool> {
        let tx = Self::begin(self).await?;
        let sql = "UPDATE sign_ins SET ended_at = COALESCE(ended_at, $3) WHERE user_id = $1 AND id = $2";
        let values = vec![user.to_string().into(), id.to_string().into(), now.as_millis().into()];
        let done = change(&tx, sql, values).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done > 0)
    }

    async fn end_all(&self, user: UserId, now: Timestamp, since: Timestamp) -> PortResult<Vec<SignInId>> {
        let tx = Self::begin(self).await?;
        let ended = end_all(&tx, user, None, now, since).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(ended)
    }
}

/// Ends all sign-ins of a person but one; these, and those that had ended since then.
pub(super) async fn end_all(
    tx: &DatabaseTransaction,
    user: UserId,
    keep: Option<SignInId>,
    now: Timestamp,
    since: Timestamp,
) -> PortResult<Vec<SignInId>> {
    let (user, keep) = (user.to_string(), keep.map(|id| id.to_string()).unwrap_or_default());
    change(tx, END_ALL, vec![user.clone().into(), now.as_millis().into(), keep.clone().into()]).await?;
    let ended = rows(tx, ENDED, vec![user.into(), since.as_millis().into(), keep.into()]).await?;
    ended.iter().map(|row| parse("sign-in id", &column::<String>(row, "id")?)).collect()
}

fn sign_in(row: &QueryResult) -> PortResult<SignIn> {
    Ok(SignIn {
        id: parse("sign-in id", &column::<String>(row, "id")?)?,
        user: parse("user id", &column::<String>(row, "user_id")?)?,
        created_at: moment(row, "created_at")?,
        used_at: moment(row, "used_at")?,
        expires_at: moment(row, "expires_at")?,
        agent: column(row, "agent")?,
        origin: parse_optional("network address", column::<Option<String>>(row, "origin")?.as_deref())?,
    })
}

fn earlier(row: &QueryResult) -> PortResult<EarlierUse> {
    Ok(EarlierUse {
        at: moment(row, "used_at")?,
        salt: column(row, "salt")?,
        successor_used: column::<Option<i64>>(row, "next_used_at")?.is_some(),
    })
}
