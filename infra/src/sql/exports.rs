//! Exports of tenants.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::Expr,
};
use wagate_domain::{
    ExportId, Timestamp, WorkspaceId,
    exports::{Export, ExportState},
    ports::{Exports, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::{
        export::{Column, Entity, Model},
        signed, workspace,
    },
};

const UNFINISHED: [&str; 2] = [ExportState::Waiting.name(), ExportState::Running.name()];

#[async_trait]
impl Exports for Database {
    async fn insert(&self, export: &Export) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::insert(Model::from(export).into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn get(&self, workspace: WorkspaceId, id: ExportId) -> PortResult<Option<Export>> {
        let select = of(workspace).filter(Column::Id.eq(id.to_string()));
        Ok(self.exports(select).await?.pop())
    }

    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<Export>> {
        self.exports(of(workspace).order_by_desc(Column::Id)).await
    }

    async fn update(&self, export: &Export) -> PortResult<bool> {
        let row = Model::from(export);
        let tx = self.begin().await?;
        let updated = Entity::update_many()
            .col_expr(Column::State, Expr::value(row.state))
            .col_expr(Column::Attempts, Expr::value(row.attempts))
            .col_expr(Column::Lines, Expr::value(row.lines))
            .col_expr(Column::Bytes, Expr::value(row.bytes))
            .col_expr(Column::Failure, Expr::value(row.failure))
            .col_expr(Column::EndedAt, Expr::value(row.ended_at))
            .col_expr(Column::ExpiresAt, Expr::value(row.expires_at))
            .filter(Column::WorkspaceId.eq(row.workspace_id))
            .filter(Column::Id.eq(row.id))
            .filter(Column::State.is_in(UNFINISHED))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(updated.rows_affected > 0)
    }

    async fn note(&self, workspace: WorkspaceId, id: ExportId, lines: u64) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::update_many()
            .col_expr(Column::Lines, Expr::value(signed(lines)))
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .filter(Column::State.eq(ExportState::Running.name()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn unfinished(&self, limit: u32) -> PortResult<Vec<Export>> {
        let select = Entity::find().filter(Column::State.is_in(UNFINISHED));
        self.exports(select.order_by_asc(Column::Id).limit(u64::from(limit))).await
    }

    async fn expired(&self, now: Timestamp, limit: u32) -> PortResult<Vec<Export>> {
        let waited_for = workspace::Entity::find()
            .select_only()
            .column(workspace::Column::Id)
            .filter(workspace::Column::DeletionExports.eq(true));
        let select = Entity::find()
            .filter(Column::ExpiresAt.lte(now.as_millis()))
            .filter(Column::WorkspaceId.not_in_subquery(waited_for.into_query()));
        self.exports(select.order_by_asc(Column::ExpiresAt).limit(u64::from(limit))).await
    }

    async fn delete(&self, workspace: WorkspaceId, id: ExportId) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::delete_many()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }
}

fn of(workspace: WorkspaceId) -> Select<Entity> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace.to_string()))
}

impl Database {
    async fn exports(&self, select: Select<Entity>) -> PortResult<Vec<Export>> {
        let rows = select.all(self.read()).await.map_err(sql_error)?;
        rows.into_iter().map(Export::try_from).collect()
    }
}
