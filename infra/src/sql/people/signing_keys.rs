//! The keys that sign access tokens.

use sea_orm::QueryResult;
use wagate_domain::{Timestamp, ports::PortResult};

use super::{change, column, moment, rows};
use crate::{
    config::Secret,
    seal::Ring,
    sql::{Database, error::sql_error, ring_values::SIGNING_KEY},
};

/// A key that signs access tokens, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// What tokens call it.
    pub kid: String,
    /// The public key (32 bytes, RFC 8032), base64url.
    pub public: String,
    /// The seed of the private key (32 bytes), base64url.
    pub private: Secret<String>,
    /// Since when it signs.
    pub created_at: Timestamp,
    /// Since when a newer one does.
    pub retired_at: Option<Timestamp>,
}

const ALL: &str =
    "SELECT kid, public, private, created_at, retired_at FROM signing_keys ORDER BY created_at, kid";
const INSERT: &str = "INSERT INTO signing_keys (kid, public, private, created_at) VALUES ($1, $2, $3, $4)";
/// PostgreSQL's advisory lock of whoever changes signing keys: "kids" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1802069107)";

impl Database {
    /// All keys, oldest first.
    ///
    /// # Errors
    /// As the database reports them.
    pub async fn signing_keys(&self) -> PortResult<Vec<SigningKey>> {
        rows(self.read(), ALL, vec![]).await?.iter().map(|row| key(self.keys().ring(), row)).collect()
    }

    /// Lets a key sign instead of those before it, unless one is there that was made after `unless_after`: of several
    /// processes that want a new key at once the first is served. Forgets keys that were retired before `forget`.
    ///
    /// # Errors
    /// As the database reports them.
    pub async fn put_signing_key(
        &self,
        key: &SigningKey,
        unless_after: Timestamp,
        forget: Timestamp,
    ) -> PortResult<()> {
        let tx = self.begin().await?;
        if self.is_postgres() {
            rows(&tx, LOCK, vec![]).await?;
        }
        let newer = "SELECT kid FROM signing_keys WHERE retired_at IS NULL AND created_at > $1";
        if !rows(&tx, newer, vec![unless_after.as_millis().into()]).await?.is_empty() {
            return Ok(());
        }
        let now = key.created_at.as_millis();
        change(&tx, "DELETE FROM signing_keys WHERE retired_at < $1", vec![forget.as_millis().into()])
            .await?;
        change(&tx, "UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL", vec![now.into()])
            .await?;
        let values = vec![
            key.kid.clone().into(),
            key.public.clone().into(),
            SIGNING_KEY.seal(self.keys().ring(), &key.kid, key.private.expose()).into(),
            now.into(),
        ];
        change(&tx, INSERT, values).await?;
        tx.commit().await.map_err(sql_error)
    }
}

fn key(ring: &Ring, row: &QueryResult) -> PortResult<SigningKey> {
    let kid: String = column(row, "kid")?;
    let private = SIGNING_KEY.open(ring, &kid, &column::<String>(row, "private")?)?;
    Ok(SigningKey {
        public: column(row, "public")?,
        private: Secret::new(private),
        kid,
        created_at: moment(row, "created_at")?,
        retired_at: column::<Option<i64>>(row, "retired_at")?.map(Timestamp::from_millis),
    })
}
