//! Second factors and recovery codes.

use async_trait::async_trait;
use sea_orm::DatabaseTransaction;
use wagate_domain::{
    Timestamp, UserId,
    people::{TokenHash, TotpSecret},
    ports::{PortResult, SecondFactor, SecondFactors},
};

use super::{change, column, row};
use crate::sql::{Database, error::sql_error, ring_values::AUTHENTICATOR, rows::signed};

const FIND: &str = "SELECT secret, confirmed_at, (SELECT COUNT(*) FROM recovery_codes r WHERE r.user_id = f.user_id) AS codes
    FROM second_factors f WHERE user_id = $1";
const ENROL: &str = "INSERT INTO second_factors (user_id, secret, last_step, created_at) VALUES ($1, $2, 0, $3)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0
    WHERE second_factors.confirmed_at IS NULL";
const CONFIRM: &str =
    "UPDATE second_factors SET confirmed_at = $2, last_step = $3 WHERE user_id = $1 AND confirmed_at IS NULL";
const USE_STEP: &str = "UPDATE second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2";

#[async_trait]
impl SecondFactors for Database {
    async fn get(&self, user: UserId) -> PortResult<Option<SecondFactor>> {
        let Some(row) = row(self.read(), FIND, vec![user.to_string().into()]).await? else {
            return Ok(None);
        };
        let sealed: String = column(&row, "secret")?;
        let secret = AUTHENTICATOR.open(self.keys().ring(), &user.to_string(), &sealed)?;
        Ok(Some(SecondFactor {
            secret: TotpSecret::stored(secret),
            confirmed_at: column::<Option<i64>>(&row, "confirmed_at")?.map(Timestamp::from_millis),
            recovery_codes: u32::try_from(column::<i64>(&row, "codes")?).unwrap_or(0),
        }))
    }

    async fn enrol(&self, user: UserId, secret: &TotpSecret, now: Timestamp) -> PortResult<bool> {
        let tx = self.begin().await?;
        let user = user.to_string();
        let sealed = AUTHENTICATOR.seal(self.keys().ring(), &user, secret.expose());
        let values = vec![user.into(), sealed.into(), now.as_millis().into()];
        let done = change(&tx, ENROL, values).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done > 0)
    }

    async fn confirm(
        &self,
        user: UserId,
        step: u64,
        codes: &[TokenHash],
        now: Timestamp,
    ) -> PortResult<bool> {
        let tx = self.begin().await?;
        let values = vec![user.to_string().into(), now.as_millis().into(), signed(step).into()];
        if change(&tx, CONFIRM, values).await? == 0 {
            return Ok(false);
        }
        renew(&tx, user, codes).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(true)
    }

    async fn use_step(&self, user: UserId, step: u64) -> PortResult<bool> {
        let tx = self.begin().await?;
        let done = change(&tx, USE_STEP, vec![user.to_string().into(), signed(step).into()]).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done > 0)
    }

    async fn use_recovery(&self, user: UserId, code: &TokenHash) -> PortResult<bool> {
        let tx = self.begin().await?;
        let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2";
        let done = change(&tx, sql, vec![user.to_string().into(), code.as_str().into()]).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done > 0)
    }

    async fn renew_recovery(&self, user: UserId, codes: &[TokenHash]) -> PortResult<()> {
        let tx = self.begin().await?;
        renew(&tx, user, codes).await?;
        tx.commit().await.map_err(sql_error)
    }

    async fn remove(&self, user: UserId) -> PortResult<bool> {
        let tx = self.begin().await?;
        renew(&tx, user, &[]).await?;
        let sql = "DELETE FROM second_factors WHERE user_id = $1";
        let done = change(&tx, sql, vec![user.to_string().into()]).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done > 0)
    }
}

async fn renew(tx: &DatabaseTransaction, user: UserId, codes: &[TokenHash]) -> PortResult<()> {
    let user = user.to_string();
    change(tx, "DELETE FROM recovery_codes WHERE user_id = $1", vec![user.clone().into()]).await?;
    for code in codes {
        let values = vec![user.clone().into(), code.as_str().into()];
        change(tx, "INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)", values).await?;
    }
    Ok(())
}
