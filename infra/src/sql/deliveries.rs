//! Deliveries on record.

use std::collections::HashSet;

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
    sea_query::{Expr, ExprTrait},
};
use wagate_domain::{
    DeliveryId, Timestamp, WebhookId, WorkspaceId,
    ids::{Id, ulid},
    ports::{Deliveries, DeliveryQuery, PortError, PortResult, Term},
    webhooks::{Delivery, DeliveryState, DeliveryStats},
};

use super::{
    Database,
    error::sql_error,
    projection::upsert,
    rows::{
        delivery::{Column, Entity, Model},
        parse, signed, unsigned, webhook,
    },
};

/// Values of one `IN (…)`, well below what either database takes.
const CHUNK: usize = 1_000;

const ENDED: &str = "SELECT state, COUNT(*), CAST(AVG(last_ms) AS BIGINT) FROM webhook_deliveries
    WHERE workspace_id = $1 AND webhook_id = $2 AND id >= $3 AND state <> 'waiting' GROUP BY state";
const WAITING: &str = "SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'waiting' AND workspace_id = $2";

#[async_trait]
impl Deliveries for Database {
    async fn list(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        query: &DeliveryQuery,
    ) -> PortResult<Vec<Delivery>> {
        let mut select = Entity::find()
            .filter(Column::WebhookId.eq(webhook.to_string()))
            .filter(Column::WorkspaceId.eq(workspace.to_string()));
        if let Some(state) = query.state {
            select = select.filter(Column::State.eq(state.name()));
        }
        if let Some(kind) = query.kind {
            select = select.filter(Column::EventType.eq(kind.name()));
        }
        if let Some(session) = query.session {
            select = select.filter(Column::SessionId.eq(session.to_string()));
        }
        if let Some(before) = query.before {
            select = select.filter(Column::Id.lt(before.to_string()));
        }
        let rows = select.order_by_desc(Column::Id).limit(u64::from(query.limit)).all(self.read()).await;
        read(rows.map_err(sql_error)?)
    }

    async fn get(&self, workspace: WorkspaceId, id: DeliveryId) -> PortResult<Option<Delivery>> {
        let found = Entity::find_by_id(id.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .one(self.read())
            .await
            .map_err(sql_error)?;
        found.map(Delivery::try_from).transpose()
    }

    async fn add(&self, deliveries: &[Delivery]) -> PortResult<()> {
        let tx = self.begin().await?;
        write(&tx, deliveries).await?;
        tx.commit().await.map_err(sql_error)
    }

    async fn retry(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        ids: &[DeliveryId],
        now: Timestamp,
    ) -> PortResult<u64> {
        let tx = self.begin().await?;
        let mut waiting = 0;
        for chunk in ids.chunks(CHUNK) {
            let done = Entity::update_many()
                .col_expr(Column::State, Expr::value(DeliveryState::Waiting.name()))
                .col_expr(Column::NextAt, Expr::value(now.as_millis()))
                .col_expr(Column::CreatedAt, Expr::value(now.as_millis()))
                .col_expr(Column::EndedAt, Expr::value(None::<i64>))
                .filter(Column::Id.is_in(chunk.iter().map(ToString::to_string)))
                .filter(Column::WebhookId.eq(webhook.to_string()))
                .filter(Column::WorkspaceId.eq(workspace.to_string()))
                .filter(Column::State.ne(DeliveryState::Waiting.name()))
                .exec(&tx)
                .await
                .map_err(sql_error)?;
            waiting += done.rows_affected;
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(waiting)
    }

    async fn clear(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> PortResult<u64> {
        let mut select = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::WebhookId.eq(webhook.to_string()))
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::State.ne(DeliveryState::Waiting.name()));
        if let Some(state) = state {
            select = select.filter(Column::State.eq(state.name()));
        }
        let tx = self.begin().await?;
        let ids: Vec<String> = select
            .order_by_asc(Column::Id)
            .limit(u64::from(limit))
            .into_tuple()
            .all(&tx)
            .await
            .map_err(sql_error)?;
        let mut gone = 0;
        for chunk in ids.chunks(CHUNK) {
            let done = Entity::delete_many().filter(Column::Id.is_in(chunk.iter().cloned())).exec(&tx).await;
            gone += done.map_err(sql_error)?.rows_affected;
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(gone)
    }

    async fn stats(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        since: Timestamp,
    ) -> PortResult<DeliveryStats> {
        let backend = self.read().get_database_backend();
        let first = DeliveryId::from_ulid(ulid(since, 0));
        let values = [workspace.to_string().into(), webhook.to_string().into(), first.to_string().into()];
        let ended = Statement::from_sql_and_values(backend, ENDED, values);
        let mut stats = DeliveryStats::default();
        for row in self.read().query_all_raw(ended).await.map_err(sql_error)? {
            let state: String = row.try_get_by_index(0).map_err(sql_error)?;
            let count = unsigned(row.try_get_by_index(1).map_err(sql_error)?);
            let mean: Option<i64> = row.try_get_by_index(2).map_err(sql_error)?;
            if state == DeliveryState::Delivered.name() {
                (stats.delivered, stats.mean_ms) = (count, mean.map(unsigned));
            } else {
                stats.failed = count;
            }
        }
        let values = [webhook.to_string().into(), workspace.to_string().into()];
        let waiting = Statement::from_sql_and_values(backend, WAITING, values);
        if let Some(row) = self.read().query_one_raw(waiting).await.map_err(sql_error)? {
            stats.waiting = unsigned(row.try_get_by_index(0).map_err(sql_error)?);
        }
        Ok(stats)
    }

    async fn waiting(
        &self,
        webhook: WebhookId,
        held: &(dyn Fn(DeliveryId) -> bool + Sync),
        limit: u32,
    ) -> PortResult<Vec<Delivery>> {
        let ids: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::WebhookId.eq(webhook.to_string()))
            .filter(Expr::cust("state = 'waiting'"))
            .order_by_asc(Column::EventSeq)
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(self.read())
            .await
            .map_err(sql_error)?;
        let mut wanted = Vec::new();
        for id in ids {
            if !held(parse("delivery id", &id)?) {
                wanted.push(id);
            }
            if wanted.len() >= limit as usize {
                break;
            }
        }
        let mut found = Vec::with_capacity(wanted.len());
        for chunk in wanted.chunks(CHUNK) {
            let rows = Entity::find()
                .filter(Column::Id.is_in(chunk.iter().cloned()))
                .order_by_asc(Column::EventSeq)
                .order_by_asc(Column::Id)
                .all(self.read())
                .await;
            found.extend(read(rows.map_err(sql_error)?)?);
        }
        Ok(found)
    }

    async fn known(&self, ids: &[DeliveryId]) -> PortResult<HashSet<DeliveryId>> {
        let mut known = HashSet::new();
        for chunk in ids.chunks(CHUNK) {
            let found: Vec<String> = Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::Id.is_in(chunk.iter().map(ToString::to_string)))
                .into_tuple()
                .all(self.read())
                .await
                .map_err(sql_error)?;
            for id in found {
                known.insert(parse("delivery id", &id)?);
            }
        }
        Ok(known)
    }

    async fn begin(&self, webhook: WebhookId) -> PortResult<Option<Term>> {
        let tx = self.begin().await?;
        webhook::Entity::update_many()
            .col_expr(webhook::Column::Term, Expr::col(webhook::Column::Term).add(1))
            .filter(webhook::Column::Id.eq(webhook.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        let row = webhook::Entity::find_by_id(webhook.to_string()).one(&tx).await.map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(row.map(|row| Term {
            number: unsigned(row.term),
            cursor: unsigned(row.cursor),
            failing_since: row.failing_since.map(Timestamp::from_millis),
        }))
    }

    async fn settle(&self, webhook: WebhookId, term: &Term, deliveries: &[Delivery]) -> PortResult<()> {
        let tx = self.begin().await?;
        let there = webhook::Entity::update_many()
            .col_expr(webhook::Column::Cursor, Expr::value(signed(term.cursor)))
            .col_expr(
                webhook::Column::FailingSince,
                Expr::value(term.failing_since.map(Timestamp::as_millis)),
            )
            .filter(webhook::Column::Id.eq(webhook.to_string()))
            .filter(webhook::Column::Term.eq(signed(term.number)))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        if there.rows_affected == 0 {
            return Err(PortError::Stale);
        }
        write(&tx, deliveries).await?;
        tx.commit().await.map_err(sql_error)
    }
}

async fn write(tx: &DatabaseTransaction, deliveries: &[Delivery]) -> PortResult<()> {
    let rows: Vec<Model> = deliveries.iter().map(Model::try_from).collect::<PortResult<_>>()?;
    let written =
        [Column::State, Column::NextAt, Column::Tries, Column::LastMs, Column::Attempts, Column::EndedAt];
    upsert(tx, rows, Column::Id, &written).await
}

fn read(rows: Vec<Model>) -> PortResult<Vec<Delivery>> {
    rows.into_iter().map(Delivery::try_from).collect()
}
