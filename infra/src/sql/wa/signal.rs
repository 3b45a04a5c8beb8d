//! Signal: identities, sessions, pre-keys and sender keys.

use std::collections::BTreeMap;

use sea_orm::{
    Condition, ExprTrait, QueryResult,
    sea_query::{Expr, Order, Query},
};
use wagate_domain::ports::PortResult;

use super::{
    WaStore, column, key,
    table::{PARAMETERS, Row, Table},
};

pub(super) const IDENTITIES: Table =
    Table { name: "wa_identities", key: &["address"], sealed: &["record"], values: &[] };
pub(super) const SESSIONS: Table =
    Table { name: "wa_sessions", key: &["address"], sealed: &["record"], values: &[] };
pub(super) const PREKEYS: Table =
    Table { name: "wa_prekeys", key: &["id"], sealed: &["record"], values: &["uploaded"] };
pub(super) const SIGNED_PREKEYS: Table =
    Table { name: "wa_signed_prekeys", key: &["id"], sealed: &["record"], values: &[] };
pub(super) const SENDER_KEYS: Table =
    Table { name: "wa_sender_keys", key: &["address"], sealed: &["record"], values: &[] };

/// Signal state. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// Stores identity keys by address; the last of one address counts.
    pub async fn put_identities<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> PortResult<()> {
        self.put_records(IDENTITIES, keys).await
    }

    /// The identity key of an address.
    pub async fn identity(&self, address: &str) -> PortResult<Option<Vec<u8>>> {
        self.record(IDENTITIES, vec![key(address)]).await
    }

    /// Forgets an identity key.
    pub async fn delete_identity(&self, address: &str) -> PortResult<()> {
        self.delete_key(IDENTITIES, vec![key(address)]).await
    }

    /// Stores Signal sessions by address; the last of one address counts.
    pub async fn put_sessions<'a>(
        &self,
        sessions: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> PortResult<()> {
        self.put_records(SESSIONS, sessions).await
    }

    /// The Signal session of an address.
    pub async fn signal_session(&self, address: &str) -> PortResult<Option<Vec<u8>>> {
        self.record(SESSIONS, vec![key(address)]).await
    }

    /// Whether an address has a Signal session.
    pub async fn has_signal_session(&self, address: &str) -> PortResult<bool> {
        let select = SESSIONS.find(self.session, &["address"], vec![key(address)]);
        Ok(self.row(&select).await?.is_some())
    }

    /// Forgets a Signal session.
    pub async fn delete_signal_session(&self, address: &str) -> PortResult<()> {
        self.delete_key(SESSIONS, vec![key(address)]).await
    }

    /// Whether any address `<user>@…` or `<user>:…` has a session or an identity.
    pub async fn has_signal_state(&self, user: &str) -> PortResult<bool> {
        for table in [SESSIONS, IDENTITIES] {
            let mut select = table.select(self.session, &["address"]);
            select.cond_where(addresses_of(user)).limit(1);
            if self.row(&select).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Stores one-time pre-keys; the last of one id counts.
    pub async fn put_prekeys<'a>(
        &self,
        keys: impl IntoIterator<Item = (u32, &'a [u8])>,
        uploaded: bool,
    ) -> PortResult<()> {
        let keys: BTreeMap<u32, &[u8]> = keys.into_iter().collect();
        let rows = keys
            .into_iter()
            .map(|(id, record)| Row {
                values: vec![uploaded.into()],
                ..Row::record(vec![i64::from(id).into()], record)
            })
            .collect();
        self.upsert(PREKEYS, rows).await
    }

    /// Those of the pre-keys asked for that exist, in no particular order.
    pub async fn prekeys(&self, ids: &[u32]) -> PortResult<Vec<(u32, Vec<u8>)>> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(PARAMETERS) {
            let mut select = PREKEYS.select(self.session, &["id", "record"]);
            select.and_where(Expr::col("id").is_in(chunk.iter().map(|id| i64::from(*id))));
            for row in self.rows(&select).await? {
                found.push(self.numbered(PREKEYS, &row).await?);
            }
        }
        Ok(found)
    }

    /// Marks pre-keys as uploaded; those that were used up meanwhile stay gone.
    pub async fn mark_prekeys_uploaded(&self, ids: &[u32]) -> PortResult<()> {
        let updates = ids.chunks(PARAMETERS).map(|chunk| {
            let mut update = Query::update();
            update
                .table(PREKEYS.name)
                .value("uploaded", true)
                .and_where(Expr::col("session_id").eq(self.session.id.to_string()))
                .and_where(Expr::col("workspace_id").eq(self.session.workspace.to_string()))
                .and_where(Expr::col("id").is_in(chunk.iter().map(|id| i64::from(*id))));
            update
        });
        self.run(updates.collect()).await.map(drop)
    }

    /// How many pre-keys are on record as uploaded.
    pub async fn uploaded_prekeys(&self) -> PortResult<u64> {
        let mut select = PREKEYS.select(self.session, &[]);
        select.expr_as(Expr::col("id").count(), "found").and_where(Expr::col("uploaded").eq(true));
        let row = self.row(&select).await?;
        let found: i64 = row.as_ref().map(|row| column(row, "found")).transpose()?.unwrap_or_default();
        Ok(found.unsigned_abs())
    }

    /// Forgets a pre-key.
    pub async fn delete_prekey(&self, id: u32) -> PortResult<()> {
        self.delete_key(PREKEYS, vec![i64::from(id).into()]).await
    }

    /// The highest id of a pre-key, 0 without any.
    pub async fn max_prekey_id(&self) -> PortResult<u32> {
        let mut select = PREKEYS.select(self.session, &["id"]);
        select.order_by("id", Order::Desc).limit(1);
        let row = self.row(&select).await?;
        Ok(row.as_ref().map(|row| column(row, "id")).transpose()?.map_or(0, id))
    }

    /// Stores a signed pre-key.
    pub async fn put_signed_prekey(&self, id: u32, record: &[u8]) -> PortResult<()> {
        self.upsert(SIGNED_PREKEYS, vec![Row::record(vec![i64::from(id).into()], record)]).await
    }

    /// A signed pre-key.
    pub async fn signed_prekey(&self, id: u32) -> PortResult<Option<Vec<u8>>> {
        self.record(SIGNED_PREKEYS, vec![i64::from(id).into()]).await
    }

    /// Every signed pre-key, by id.
    pub async fn signed_prekeys(&self) -> PortResult<Vec<(u32, Vec<u8>)>> {
        let mut select = SIGNED_PREKEYS.select(self.session, &["id", "record"]);
        select.order_by("id", Order::Asc);
        let mut found = Vec::new();
        for row in self.rows(&select).await? {
            found.push(self.numbered(SIGNED_PREKEYS, &row).await?);
        }
        Ok(found)
    }

    /// Forgets a signed pre-key.
    pub async fn delete_signed_prekey(&self, id: u32) -> PortResult<()> {
        self.delete_key(SIGNED_PREKEYS, vec![i64::from(id).into()]).await
    }

    /// Stores sender keys by address; the last of one address counts.
    pub async fn put_sender_keys<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> PortResult<()> {
        self.put_records(SENDER_KEYS, keys).await
    }

    /// The sender key of an address.
    pub async fn sender_key(&self, address: &str) -> PortResult<Option<Vec<u8>>> {
        self.record(SENDER_KEYS, vec![key(address)]).await
    }

    /// Forgets a sender key.
    pub async fn delete_sender_key(&self, address: &str) -> PortResult<()> {
        self.delete_key(SENDER_KEYS, vec![key(address)]).await
    }

    /// Id and record of a row of pre-keys.
    async fn numbered(&self, table: Table, row: &QueryResult) -> PortResult<(u32, Vec<u8>)> {
        let number: i64 = column(row, "id")?;
        Ok((id(number), self.opened(table, "record", &[number.into()], row).await?))
    }

    async fn put_records<'a>(
        &self,
        table: Table,
        records: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> PortResult<()> {
        // one statement must not name a key twice
        let records: BTreeMap<&str, &[u8]> = records.into_iter().collect();
        let rows = records.into_iter().map(|(address, record)| Row::record(vec![key(address)], record));
        self.upsert(table, rows.collect()).await
    }
}

/// Addresses are compared byte by byte in both databases, so those of a user are two ranges.
fn addresses_of(user: &str) -> Condition {
    let range = |first: char, after: char| {
        Expr::col("address")
            .gte(key(&format!("{user}{first}")))
            .and(Expr::col("address").lt(key(&format!("{user}{after}"))))
    };
    Condition::any().add(range(':', ';')).add(range('@', 'A'))
}

fn id(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or_default()
}
