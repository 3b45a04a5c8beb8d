//! What a linked WhatsApp device has to remember, per session, in plain types.
//!
//! Every write is one transaction that first locks the session's row and checks that the writer's
//! epoch is still the one on record: a connector that has lost its lease gets
//! [`PortError::Stale`] and changes nothing. A write that has returned is on disk.
//!
//! Every binary value that is no key is sealed as it is written ([`table::Row`]), with the data key that the locked row
//! names: whoever changes that name knows that nothing more is sealed with the old key.
//!
//! Times are Unix seconds, as the protocol counts them.

mod app_sync;
mod device;
mod group;
mod outbox;
mod protocol;
mod secrets;
mod signal;
mod table;
mod tokens;

pub use app_sync::SyncKey;
pub(super) use group::Group;
pub use outbox::PendingInbound;
pub use protocol::LidMapping;
pub use secrets::MessageSecret;
pub(super) use table::{Table, scope};
pub use tokens::TcToken;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, StatementBuilder, TryGetable,
    Value,
    sea_query::{DeleteStatement, OnConflict, SelectStatement},
};
use wagate_domain::{
    ports::{PortError, PortResult},
    sessions::SessionKey,
};

use self::{
    group::{Change, Write},
    table::{Held, Row},
    tokens::Tokens,
};
use super::{
    Database,
    error::sql_error,
    rows::{parse, signed},
};

/// Every table of the store.
pub(super) const TABLES: [Table; 19] = [
    device::DEVICES,
    signal::IDENTITIES,
    signal::SESSIONS,
    signal::PREKEYS,
    signal::SIGNED_PREKEYS,
    signal::SENDER_KEYS,
    app_sync::SYNC_KEYS,
    app_sync::VERSIONS,
    app_sync::MUTATION_MACS,
    protocol::SENDER_KEY_DEVICES,
    protocol::LID_MAPPINGS,
    protocol::BASE_KEYS,
    protocol::DEVICE_LISTS,
    protocol::GROUPS,
    tokens::TC_TOKENS,
    outbox::SENT_MESSAGES,
    outbox::PENDING_INBOUND,
    outbox::TAKEN_INBOUND,
    secrets::MESSAGE_SECRETS,
];

/// The store of one session as seen by one owner.
#[derive(Debug, Clone)]
pub struct WaStore {
    db: Database,
    session: SessionKey,
    epoch: i64,
    tokens: Arc<Tokens>,
}

impl WaStore {
    /// The store of a session for the owner that holds it at `epoch`.
    #[must_use]
    pub fn new(db: Database, session: SessionKey, epoch: u64) -> Self {
        Self { db, session, epoch: signed(epoch), tokens: Arc::new(tokens::unread()) }
    }

    /// The session it belongs to.
    #[must_use]
    pub const fn session(&self) -> SessionKey {
        self.session
    }

    /// Forgets everything, as after a logout.
    ///
    /// # Errors
    /// See [the module](self).
    pub async fn clear(&self) -> PortResult<()> {
        let done = self.delete(TABLES.iter().map(|table| table.delete(self.session)).collect()).await;
        self.tokens.forget();
        done.map(drop)
    }

    /// Begins a write of several steps.
    async fn begin(&self) -> PortResult<(DatabaseTransaction, Held)> {
        let tx = self.db.begin().await?;
        let held = hold(&self.db, &tx, self.session, self.epoch).await?;
        Ok((tx, held))
    }

    /// Runs statements in one guarded transaction; returns how many rows they touched.
    async fn run<S: StatementBuilder>(&self, statements: Vec<S>) -> PortResult<u64> {
        let backend = self.db.read().get_database_backend();
        self.run_built(statements.iter().map(|statement| backend.build(statement)).collect()).await
    }

    /// The same with statements of several kinds.
    async fn run_built(&self, statements: Vec<Statement>) -> PortResult<u64> {
        if statements.is_empty() {
            return Ok(0);
        }
        self.write(Change::Statements(statements)).await
    }

    async fn upsert(&self, table: Table, rows: Vec<Row>) -> PortResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(Change::Upsert(table, rows)).await.map(drop)
    }

    /// Puts rows in and does `conflict` where the key exists.
    async fn merge(&self, table: Table, rows: Vec<Row>, conflict: OnConflict) -> PortResult<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(Change::Merge(table, rows, Box::new(conflict))).await.map(drop)
    }

    /// Makes a guarded change; returns how many rows it touched.
    async fn write(&self, change: Change) -> PortResult<u64> {
        let write = Write { session: self.session, epoch: self.epoch, change };
        if self.db.is_postgres() {
            return group::alone(&self.db, &write).await;
        }
        self.db.group().write(&self.db, write).await
    }

    async fn delete(&self, deletes: Vec<DeleteStatement>) -> PortResult<u32> {
        let touched = self.run(deletes).await?;
        Ok(u32::try_from(touched).unwrap_or(u32::MAX))
    }

    async fn delete_key(&self, table: Table, key: Vec<Value>) -> PortResult<()> {
        self.delete(table.deletes(self.session, vec![key])).await.map(drop)
    }

    async fn rows(&self, select: &SelectStatement) -> PortResult<Vec<QueryResult>> {
        self.db.read().query_all(select).await.map_err(sql_error)
    }

    async fn row(&self, select: &SelectStatement) -> PortResult<Option<QueryResult>> {
        self.db.read().query_one(select).await.map_err(sql_error)
    }

    /// The `record` column of the row of a key.
    async fn record(&self, table: Table, key: Vec<Value>) -> PortResult<Option<Vec<u8>>> {
        let Some(row) = self.row(&table.find(self.session, &["record"], key.clone())).await? else {
            return Ok(None);
        };
        self.opened(table, "record", &key, &row).await.map(Some)
    }

    /// A sealed column of the row of a key.
    async fn opened(
        &self,
        table: Table,
        name: &str,
        key: &[Value],
        row: &QueryResult,
    ) -> PortResult<Vec<u8>> {
        self.opened_on(self.db.read(), table, name, key, row).await
    }

    /// The same within a transaction.
    async fn opened_on(
        &self,
        on: &impl ConnectionTrait,
        table: Table,
        name: &str,
        key: &[Value],
        row: &QueryResult,
    ) -> PortResult<Vec<u8>> {
        let sealed: Vec<u8> = column(row, name)?;
        self.db.keys().open(on, &table.place(self.session, name, key), &sealed).await
    }
}

/// Locks the session's row until the commit, so that writes of one session never cross, and checks the epoch. The row
/// says with which key the session's store is sealed until then.
async fn hold(db: &Database, tx: &DatabaseTransaction, session: SessionKey, epoch: i64) -> PortResult<Held> {
    let backend = tx.get_database_backend();
    let lock = if backend == DbBackend::Postgres { " FOR NO KEY UPDATE" } else { "" };
    let held = Statement::from_sql_and_values(
        backend,
        format!("SELECT data_key FROM sessions WHERE id = $1 AND workspace_id = $2 AND epoch = $3{lock}"),
        [session.id.to_string().into(), session.workspace.to_string().into(), epoch.into()],
    );
    let row = tx.query_one_raw(held).await.map_err(sql_error)?.ok_or(PortError::Stale)?;
    self::held(db, tx, session, &row).await
}

/// What the holder of a session's row is given by it.
async fn held(
    db: &Database,
    tx: &DatabaseTransaction,
    session: SessionKey,
    row: &QueryResult,
) -> PortResult<Held> {
    let id: String = column(row, "data_key")?;
    let key = db.keys().get(tx, session.workspace, parse("data key id", &id)?).await?;
    Ok(Held { session, key })
}

/// A column of a row.
pub(super) fn column<T: TryGetable>(row: &QueryResult, name: &str) -> PortResult<T> {
    row.try_get("", name).map_err(sql_error)
}

/// Text of a key or value. Peers choose some of it, and PostgreSQL refuses NUL characters: they are
/// written another way, so that different texts stay different.
fn key(value: &str) -> Value {
    if value.contains(['\0', '\u{1}']) {
        return value.replace('\u{1}', "\u{1}1").replace('\0', "\u{1}0").into();
    }
    value.into()
}

fn bytes(value: &[u8]) -> Value {
    value.to_vec().into()
}

fn now_secs() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    signed(since.as_secs())
}
