//! App state: sync keys, versions of collections, MACs of mutations.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ConnectionTrait, ExprTrait, Statement,
    sea_query::{Expr, Order, SimpleExpr},
};
use wagate_domain::ports::PortResult;

use super::{
    WaStore, bytes, column, key,
    table::{PARAMETERS, Row, Table},
};
use crate::sql::{error::sql_error, rows::signed};

pub(super) const SYNC_KEYS: Table = Table {
    name: "wa_sync_keys",
    key: &["key_id"],
    sealed: &["key_data", "fingerprint"],
    values: &["stamp", "seq"],
};
pub(super) const VERSIONS: Table =
    Table { name: "wa_sync_versions", key: &["collection"], sealed: &["record"], values: &[] };
pub(super) const MUTATION_MACS: Table = Table {
    name: "wa_mutation_macs",
    key: &["collection", "index_mac"],
    sealed: &["value_mac"],
    values: &["version"],
};

/// A key that opens app state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncKey {
    /// The key.
    pub data: Vec<u8>,
    /// Who may know it.
    pub fingerprint: Vec<u8>,
    /// When it was made, as its maker counts time.
    pub timestamp: i64,
}

/// App state. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// Stores a sync key; it is the latest from now on.
    pub async fn put_sync_key(&self, id: &[u8], sync_key: &SyncKey) -> PortResult<()> {
        let (tx, held) = self.begin().await?;
        let session = self.session.id.to_string();
        let last = Statement::from_sql_and_values(
            tx.get_database_backend(),
            "SELECT COALESCE(MAX(seq), 0) AS last FROM wa_sync_keys WHERE session_id = $1",
            [session.into()],
        );
        let row = tx.query_one_raw(last).await.map_err(sql_error)?;
        let last: i64 = row.as_ref().map(|row| column(row, "last")).transpose()?.unwrap_or_default();
        let row = Row {
            key: vec![bytes(id)],
            sealed: vec![sync_key.data.clone(), sync_key.fingerprint.clone()],
            values: vec![sync_key.timestamp.into(), last.saturating_add(1).into()],
        };
        for insert in SYNC_KEYS.upserts(&held, vec![row])? {
            tx.execute(&insert).await.map_err(sql_error)?;
        }
        tx.commit().await.map_err(sql_error)
    }

    /// A sync key.
    pub async fn sync_key(&self, id: &[u8]) -> PortResult<Option<SyncKey>> {
        let select = SYNC_KEYS.find(self.session, &["key_data", "fingerprint", "stamp"], vec![bytes(id)]);
        let Some(row) = self.row(&select).await? else { return Ok(None) };
        let key = [bytes(id)];
        Ok(Some(SyncKey {
            data: self.opened(SYNC_KEYS, "key_data", &key, &row).await?,
            fingerprint: self.opened(SYNC_KEYS, "fingerprint", &key, &row).await?,
            timestamp: column(&row, "stamp")?,
        }))
    }

    /// Id of the sync key that was stored last.
    pub async fn latest_sync_key(&self) -> PortResult<Option<Vec<u8>>> {
        let mut select = SYNC_KEYS.select(self.session, &["key_id"]);
        select.order_by("seq", Order::Desc).limit(1);
        let row = self.row(&select).await?;
        row.as_ref().map(|row| column(row, "key_id")).transpose()
    }

    /// Stores the state of a collection.
    pub async fn put_sync_version(&self, collection: &str, record: &[u8]) -> PortResult<()> {
        self.upsert(VERSIONS, vec![Row::record(vec![key(collection)], record)]).await
    }

    /// The state of a collection.
    pub async fn sync_version(&self, collection: &str) -> PortResult<Option<Vec<u8>>> {
        self.record(VERSIONS, vec![key(collection)]).await
    }

    /// Stores value MACs of a collection by index MAC; the last of one index counts.
    pub async fn put_mutation_macs<'a>(
        &self,
        collection: &str,
        version: u64,
        macs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> PortResult<()> {
        let macs: BTreeMap<&[u8], &[u8]> = macs.into_iter().collect();
        let row = |(index, value): (&[u8], &[u8])| {
            let place = vec![key(collection), bytes(index)];
            Row { values: vec![signed(version).into()], ..Row::record(place, value) }
        };
        self.upsert(MUTATION_MACS, macs.into_iter().map(row).collect()).await
    }

    /// Those of the value MACs asked for that exist, by index MAC.
    pub async fn mutation_macs<'a>(
        &self,
        collection: &str,
        indexes: impl IntoIterator<Item = &'a [u8]>,
    ) -> PortResult<HashMap<Vec<u8>, Vec<u8>>> {
        let indexes: Vec<&[u8]> = indexes.into_iter().collect();
        let mut found = HashMap::with_capacity(indexes.len());
        for chunk in indexes.chunks(PARAMETERS) {
            let mut select = MUTATION_MACS.select(self.session, &["index_mac", "value_mac"]);
            select.and_where(of_collection(collection)).and_where(any_index(chunk));
            for row in self.rows(&select).await? {
                let index: Vec<u8> = column(&row, "index_mac")?;
                let place = [key(collection), bytes(&index)];
                found.insert(index, self.opened(MUTATION_MACS, "value_mac", &place, &row).await?);
            }
        }
        Ok(found)
    }

    /// Forgets MACs of a collection by index MAC.
    pub async fn delete_mutation_macs<'a>(
        &self,
        collection: &str,
        indexes: impl IntoIterator<Item = &'a [u8]>,
    ) -> PortResult<()> {
        let indexes: Vec<&[u8]> = indexes.into_iter().collect();
        let deletes = indexes.chunks(PARAMETERS).map(|chunk| {
            let mut delete = MUTATION_MACS.delete(self.session);
            delete.and_where(of_collection(collection)).and_where(any_index(chunk));
            delete
        });
        self.delete(deletes.collect()).await.map(drop)
    }

    /// Forgets every MAC of a collection.
    pub async fn clear_mutation_macs(&self, collection: &str) -> PortResult<()> {
        let mut delete = MUTATION_MACS.delete(self.session);
        delete.and_where(of_collection(collection));
        self.delete(vec![delete]).await.map(drop)
    }
}

fn of_collection(collection: &str) -> SimpleExpr {
    Expr::col("collection").eq(key(collection))
}

fn any_index(indexes: &[&[u8]]) -> SimpleExpr {
    Expr::col("index_mac").is_in(indexes.iter().map(|index| bytes(index)))
}
