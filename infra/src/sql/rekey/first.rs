//! What lay open before there were keys.

use std::collections::BTreeSet;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, Statement,
    sea_query::Expr,
};
use wagate_domain::{SessionId, WorkspaceId, ports::PortResult, sessions::SessionKey};

use super::store::{Old, seal_batch};
use crate::sql::{
    Database,
    error::sql_error,
    rows::{
        parse,
        webhook::{Column, Entity, SEALED, place, seal},
    },
    wa::{TABLES, column},
};

/// Seals the store of every session and the secrets of every webhook; returns whether there were any. Names its
/// columns: later steps of the schema add others.
pub(in crate::sql) async fn seal_all(db: &Database, tx: &DatabaseTransaction) -> PortResult<bool> {
    let mut tenants = BTreeSet::new();
    let select = Statement::from_string(tx.get_database_backend(), "SELECT id, workspace_id FROM sessions");
    for row in tx.query_all_raw(select).await.map_err(sql_error)? {
        let id: SessionId = parse("session id", &column::<String>(&row, "id")?)?;
        let workspace: WorkspaceId = parse("workspace id", &column::<String>(&row, "workspace_id")?)?;
        seal_store(db, tx, SessionKey { workspace, id }).await?;
        tenants.insert(workspace);
    }
    let rows: Vec<(String, String, String, String)> = Entity::find()
        .select_only()
        .columns([Column::WorkspaceId, Column::Id, Column::Headers, Column::Secrets])
        .into_tuple()
        .all(tx)
        .await
        .map_err(sql_error)?;
    for (workspace, id, headers, secrets) in rows {
        let workspace = parse("workspace id", &workspace)?;
        let key = db.keys().current(tx, workspace).await?;
        let mut update = Entity::update_many().filter(Column::Id.eq(id.as_str()));
        for (column, plain) in SEALED.into_iter().zip([headers, secrets]) {
            let sealed = seal(&key, &place(workspace, &id, column), &plain)?;
            update = update.col_expr(column, Expr::value(sealed));
        }
        let update = update.col_expr(Column::DataKey, Expr::value(key.id().to_string()));
        update.exec(tx).await.map_err(sql_error)?;
        tenants.insert(workspace);
    }
    Ok(!tenants.is_empty())
}

async fn seal_store(db: &Database, tx: &DatabaseTransaction, session: SessionKey) -> PortResult<()> {
    let key = db.keys().current(tx, session.workspace).await?;
    let name = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "UPDATE sessions SET data_key = $1 WHERE id = $2",
        [key.id().to_string().into(), session.id.to_string().into()],
    );
    tx.execute_raw(name).await.map_err(sql_error)?;
    for table in TABLES.iter().filter(|table| !table.sealed.is_empty()) {
        let mut after = None;
        loop {
            after = seal_batch(tx, session, table, (Old::Open, &key), after).await?.last;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}

impl Database {
    /// Takes what was sealed off the disk as it was before: both databases leave it where it was until they need the
    /// room.
    pub(in crate::sql) async fn forget_what_lay_open(&self) -> PortResult<()> {
        if !self.is_postgres() {
            self.execute_alone("VACUUM").await?;
            return self.execute_alone("PRAGMA wal_checkpoint(TRUNCATE)").await;
        }
        let sealed = TABLES.iter().filter(|table| !table.sealed.is_empty()).map(|table| table.name);
        for table in sealed.chain(["webhooks"]) {
            self.execute_alone(&format!("VACUUM FULL {table}")).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wagate_domain::ports::Webhooks;
    use wagate_infra::testing::{Postgres, RING_KEY};

    use super::*;
    use crate::{seal::Ring, sql::wa::WaStore};

    const OPEN: &str = "
        INSERT INTO sessions (id, workspace_id, name, state, wanted, epoch, recent_events, created_at, updated_at)
            VALUES ('ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'shop', 'created', TRUE, 0, '[]', 1, 1);
        INSERT INTO wa_devices (workspace_id, session_id, record) VALUES
            ('ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G', {lay_open});
        INSERT INTO wa_prekeys (workspace_id, session_id, id, record, uploaded)
            SELECT 'ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G', n, {lay_open}, TRUE {series};
        INSERT INTO wa_mutation_macs (workspace_id, session_id, collection, index_mac, value_mac, version)
            SELECT 'ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'c' || n, {lay_open}, {lay_open}, 1
            {series};
        INSERT INTO webhooks (id, workspace_id, url, events, headers, secrets, enabled, cursor, created_at, updated_at)
            VALUES ('whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'https://example.com', '[]',
                '[[\"a\",\"lay open\"]]', '[]', TRUE, 0, 1, 1)";

    async fn what_lay_open_is_sealed(db: &Database) {
        db.migrate_to(4).await.unwrap();
        let (bytes, series) = if db.is_postgres() {
            ("'lay open'::bytea", "FROM generate_series(1, 450) AS n")
        } else {
            (
                "CAST('lay open' AS BLOB)",
                "FROM (WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 450) SELECT n FROM up)",
            )
        };
        let text = OPEN.replace("{lay_open}", bytes).replace("{series}", series);
        db.execute_alone(&text).await.unwrap();
        db.migrate().await.unwrap();

        let workspace: WorkspaceId = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G".parse().unwrap();
        let id: SessionId = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G".parse().unwrap();
        let store = WaStore::new(db.clone(), SessionKey { workspace, id }, 0);
        assert_eq!(store.device().await.unwrap().as_deref(), Some(b"lay open".as_slice()));
        let ids: Vec<u32> = (1..=450).collect();
        let prekeys = store.prekeys(&ids).await.unwrap();
        assert!(prekeys.len() == 450 && prekeys.iter().all(|(_, key)| key == b"lay open"));
        let macs = store.mutation_macs("c450", [b"lay open".as_slice()]).await.unwrap();
        assert_eq!(macs[b"lay open".as_slice()], b"lay open");
        let webhooks = Webhooks::list(db, workspace).await.unwrap();
        assert_eq!(webhooks[0].headers, [("a".to_owned(), "lay open".to_owned())]);
        for table in
            ["wa_devices WHERE record", "wa_prekeys WHERE record", "wa_mutation_macs WHERE value_mac"]
        {
            let open = Statement::from_string(
                db.read().get_database_backend(),
                format!("SELECT 1 FROM {table} = {bytes}"),
            );
            assert!(db.read().query_one_raw(open).await.unwrap().is_none(), "{table}");
        }
    }

    #[tokio::test]
    async fn what_lay_open_is_sealed_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let ring = Ring::read([RING_KEY]).unwrap();
        let url = format!("sqlite://{}/x.db", folder.path().display());
        let db = Database::open(&url, &ring).await.unwrap();
        what_lay_open_is_sealed(&db).await;
        db.forget_macs().await;
        db.close().await.unwrap();
        let file = std::fs::read(folder.path().join("x.db")).unwrap();
        let shows = |text: &[u8]| file.windows(text.len()).any(|part| part == text);
        assert!(shows(b"https://example.com") && !shows(b"lay open"), "nor in what was freed");
    }

    #[tokio::test]
    async fn what_lay_open_is_sealed_on_postgresql() {
        let server = Postgres::start().await;
        let ring = Ring::read([RING_KEY]).unwrap();
        what_lay_open_is_sealed(&Database::open(&server.database().await, &ring).await.unwrap()).await;
    }

    impl Database {
        /// Their indexes are looked up and lie open.
        async fn forget_macs(&self) {
            self.execute_alone("DELETE FROM wa_mutation_macs").await.unwrap();
            self.execute_alone("VACUUM").await.unwrap();
        }
    }
}
