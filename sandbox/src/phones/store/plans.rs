//! What phones have planned, and where they have fallen silent.

use sqlx::Row;

use super::super::behaviour::{Plan, StoredPlan};
use super::{Store, Tx};

impl Store {
    /// Every plan that is not done.
    pub(in super::super) async fn plans(&self) -> anyhow::Result<Vec<StoredPlan>> {
        let rows =
            sqlx::query("SELECT seq, pn, due, step FROM plans ORDER BY seq").fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                let step = serde_json::from_str(row.try_get("step")?)?;
                let due = row.try_get::<i64, _>("due")?.cast_unsigned();
                Ok(StoredPlan { seq: row.try_get("seq")?, pn: row.try_get("pn")?, plan: Plan { due, step } })
            })
            .collect()
    }

    /// A plan is done.
    pub(in super::super) async fn forget_plan(&self, seq: i64) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM plans WHERE seq = ?").bind(seq).execute(&self.write).await?;
        Ok(())
    }

    /// Whether a phone's script does not answer in a chat any more.
    pub(in super::super) async fn is_silent(&self, pn: &str, chat: &str) -> anyhow::Result<bool> {
        let row = sqlx::query("SELECT 1 FROM silenced WHERE pn = ? AND chat = ?")
            .bind(pn)
            .bind(chat)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }
}

/// Stores plans in the caller's transaction.
pub(in super::super) async fn add_plans(
    tx: &mut Tx,
    pn: &str,
    plans: Vec<Plan>,
) -> anyhow::Result<Vec<StoredPlan>> {
    let mut stored = Vec::with_capacity(plans.len());
    for plan in plans {
        let done = sqlx::query("INSERT INTO plans (pn, due, step) VALUES (?, ?, ?)")
            .bind(pn)
            .bind(plan.due.cast_signed())
            .bind(serde_json::to_string(&plan.step)?)
            .execute(&mut **tx)
            .await?;
        stored.push(StoredPlan { seq: done.last_insert_rowid(), pn: pn.to_owned(), plan });
    }
    Ok(stored)
}

/// A phone's script answers no more in a chat.
pub(in super::super) async fn fall_silent(tx: &mut Tx, pn: &str, chat: &str) -> anyhow::Result<()> {
    sqlx::query("INSERT OR IGNORE INTO silenced (pn, chat) VALUES (?, ?)")
        .bind(pn)
        .bind(chat)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
