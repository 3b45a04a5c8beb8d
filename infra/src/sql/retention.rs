//! How long what is kept, and the ends of what is not.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
    sea_query::{Expr, OnConflict},
};
use wagate_domain::{
    SessionId, WorkspaceId,
    media::{Media, MediaState},
    ports::{PortResult, Retentions, TooOld},
    retention::{Aged, Retention},
};

use super::{
    Database,
    error::sql_error,
    projection::{Place, lock, recount},
    rows::{
        media, message, parse,
        retention::{Column, Entity, Model},
        workspace,
    },
};

/// Media of messages that have not ended, by the id in what they carry.
const CARRIED_IN_SQLITE: &str = "media.id NOT IN (SELECT json_extract(content, '$.media') FROM messages
    WHERE workspace_id = ? AND status IN ('accepted', 'scheduled', 'sending')
        AND json_extract(content, '$.media') IS NOT NULL)";
const CARRIED_IN_POSTGRES: &str = "media.id NOT IN (SELECT content::json ->> 'media' FROM messages
    WHERE workspace_id = $1 AND status IN ('accepted', 'scheduled', 'sending')
        AND content::json ->> 'media' IS NOT NULL)";

#[async_trait]
impl Retentions for Database {
    async fn get(&self, workspace: WorkspaceId) -> PortResult<Retention> {
        let found = Entity::find_by_id(workspace.to_string()).one(self.read()).await.map_err(sql_error)?;
        Ok(found.as_ref().map(Retention::from).unwrap_or_default())
    }

    async fn put(&self, workspace: WorkspaceId, retention: &Retention) -> PortResult<()> {
        let mut rewrite = OnConflict::column(Column::WorkspaceId);
        rewrite.update_columns([
            Column::MessagesDays,
            Column::MediaDays,
            Column::EventsDays,
            Column::DeliveriesDays,
        ]);
        let tx = self.begin().await?;
        Entity::insert(Model::of(workspace, retention).into_active_model())
            .on_conflict(rewrite)
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn all(&self) -> PortResult<Vec<(WorkspaceId, Retention)>> {
        let tenants: Vec<String> = workspace::Entity::find()
            .select_only()
            .column(workspace::Column::Id)
            .into_tuple()
            .all(self.read())
            .await
            .map_err(sql_error)?;
        let set = Entity::find().all(self.read()).await.map_err(sql_error)?;
        let set: HashMap<&str, Retention> =
            set.iter().map(|row| (row.workspace_id.as_str(), row.into())).collect();
        let tenants: BTreeSet<&str> = tenants.iter().map(String::as_str).chain(set.keys().copied()).collect();
        let of = |tenant: &str| set.get(tenant).copied().unwrap_or_default();
        tenants.into_iter().map(|tenant| Ok((parse("workspace id", tenant)?, of(tenant)))).collect()
    }

    async fn forget(&self, kind: Aged, which: TooOld, limit: u32) -> PortResult<u64> {
        let (tx, table) = (self.begin().await?, table(kind));
        let old = too_old(&tx, &table, which, limit).await?;
        if old.is_empty() {
            return Ok(0);
        }
        let chats = if table.stands_in_chats { self.chats_of(&tx, &old).await? } else { BTreeSet::default() };
        let gone = delete(&tx, &table, &old).await?;
        recount(&tx, &chats).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(gone)
    }

    async fn old_media(&self, which: TooOld, limit: u32) -> PortResult<Vec<Media>> {
        let carried = if self.is_postgres() { CARRIED_IN_POSTGRES } else { CARRIED_IN_SQLITE };
        let workspace = which.workspace.to_string();
        let rows = media::Entity::find()
            .filter(media::Column::WorkspaceId.eq(workspace.clone()))
            .filter(media::Column::CreatedAt.lt(which.before.as_millis()))
            .filter(media::Column::State.ne(MediaState::Pending.name()))
            .filter(Expr::cust_with_values(carried, [workspace]))
            .order_by_asc(media::Column::CreatedAt)
            .order_by_asc(media::Column::Id)
            .limit(u64::from(limit))
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(Media::try_from).collect()
    }
}

/// A table whose rows go by their age.
struct Table {
    name: &'static str,
    /// The column that tells a row's age.
    at: &'static str,
    /// Which rows may go at all.
    may_go: &'static str,
    /// Whether they are messages, so that chats have to be counted anew.
    stands_in_chats: bool,
}

/// Where a kind is kept; each row has an `id` and a `workspace_id`.
const fn table(kind: Aged) -> Table {
    match kind {
        Aged::Messages => Table {
            name: "messages",
            at: "at",
            may_go: "status NOT IN ('accepted', 'scheduled', 'sending')",
            stands_in_chats: true,
        },
        Aged::Events => Table {
            name: "events",
            at: "at",
            // a delivery that waits still has to say what happened
            may_go: "id NOT IN (SELECT event_id FROM webhook_deliveries WHERE state = 'waiting')",
            stands_in_chats: false,
        },
        Aged::Deliveries => Table {
            name: "webhook_deliveries",
            at: "created_at",
            may_go: "state <> 'waiting'",
            stands_in_chats: false,
        },
    }
}

/// The ids of rows that are too old.
async fn too_old(
    tx: &DatabaseTransaction,
    Table { name, at, may_go, .. }: &Table,
    which: TooOld,
    limit: u32,
) -> PortResult<Vec<String>> {
    let sql = format!(
        "SELECT id FROM {name} WHERE workspace_id = $1 AND {at} < $2 AND {may_go} ORDER BY {at}, id LIMIT $3"
    );
    let values =
        [which.workspace.to_string().into(), which.before.as_millis().into(), i64::from(limit).into()];
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values))
        .await
        .map_err(sql_error)?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(sql_error)).collect()
}

/// Deletes rows by their ids; one that may not go any more stays.
async fn delete(
    tx: &DatabaseTransaction,
    Table { name, may_go, .. }: &Table,
    ids: &[String],
) -> PortResult<u64> {
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!("DELETE FROM {name} WHERE id IN ({}) AND {may_go}", places.join(", "));
    let values = ids.iter().map(|id| Value::from(id.clone()));
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await.map_err(sql_error)?.rows_affected())
}

impl Database {
    /// The chats of messages; until the end of the transaction nobody else writes them.
    async fn chats_of(&self, tx: &DatabaseTransaction, messages: &[String]) -> PortResult<BTreeSet<Place>> {
        use message::Column as C;
        let chats: Vec<Place> = message::Entity::find()
            .select_only()
            .columns([C::SessionId, C::ChatKey])
            .distinct()
            .filter(C::Id.is_in(messages.iter().cloned()))
            .into_tuple()
            .all(tx)
            .await
            .map_err(sql_error)?;
        if self.is_postgres() {
            let sessions = chats.iter().map(|(session, _)| parse("session id", session));
            lock(tx, sessions.collect::<PortResult<Vec<SessionId>>>()?.into_iter()).await?;
        }
        Ok(chats.into_iter().collect())
    }
}
