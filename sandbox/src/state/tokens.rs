//! Privacy tokens: what an account gave to those it trusts.

use anyhow::Result;
use sqlx::query;

use super::State;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS tokens (
    issuer INTEGER NOT NULL,
    holder INTEGER NOT NULL,
    token BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, holder, token)
) WITHOUT ROWID;
";

impl State {
    /// Keeps a token and drops those of the pair that were issued before `oldest`.
    pub(crate) async fn add_token(
        &self,
        issuer: u64,
        holder: u64,
        token: Vec<u8>,
        issued_at: u64,
        oldest: u64,
    ) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("DELETE FROM tokens WHERE issuer = ? AND holder = ? AND issued_at < ?")
                        .bind(issuer.cast_signed())
                        .bind(holder.cast_signed())
                        .bind(oldest.cast_signed())
                        .execute(&mut *connection)
                        .await?;
                    query("INSERT INTO tokens (issuer, holder, token, issued_at) VALUES (?, ?, ?, ?)")
                        .bind(issuer.cast_signed())
                        .bind(holder.cast_signed())
                        .bind(token)
                        .bind(issued_at.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Whether `issuer` has given this token to `holder` since `oldest`.
    pub(crate) async fn has_token(
        &self,
        issuer: u64,
        holder: u64,
        token: &[u8],
        oldest: u64,
    ) -> Result<bool> {
        let sql = "SELECT 1 FROM tokens WHERE issuer = ? AND holder = ? AND token = ? AND issued_at >= ?";
        let row = query(sql)
            .bind(issuer.cast_signed())
            .bind(holder.cast_signed())
            .bind(token)
            .bind(oldest.cast_signed())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.is_some())
    }
}
