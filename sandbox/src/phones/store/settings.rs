//! What is true of all phones: their default behaviour, counts of the sinks.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;

use super::Store;

impl Store {
    /// A setting, its default when it was never stored.
    pub(in super::super) async fn setting<T: DeserializeOwned + Default>(
        &self,
        name: &str,
    ) -> anyhow::Result<T> {
        let row = sqlx::query("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else { return Ok(T::default()) };
        Ok(serde_json::from_str(row.try_get("value")?)?)
    }

    pub(in super::super) async fn save_setting<T: Serialize + Sync>(
        &self,
        name: &str,
        value: &T,
    ) -> anyhow::Result<()> {
        sqlx::query("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)")
            .bind(name)
            .bind(serde_json::to_string(value)?)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// The scripts of phones that do what phones do by default answer everywhere again.
    pub(in super::super) async fn break_silence(&self) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM silenced WHERE pn IN (SELECT pn FROM phones WHERE behaviour IS NULL)")
            .execute(&self.write)
            .await?;
        Ok(())
    }
}
