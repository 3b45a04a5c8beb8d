//! Media objects.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use wagate_domain::{
    MediaId, SessionId, Timestamp, WorkspaceId,
    media::{Media, MediaState},
    ports::{MediaIndex, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::media::{Column, Entity, Model},
};

#[async_trait]
impl MediaIndex for Database {
    async fn insert(&self, media: &Media) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::insert(Model::try_from(media)?.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn get(&self, workspace: WorkspaceId, id: MediaId) -> PortResult<Option<Media>> {
        let found = Entity::find_by_id(id.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .one(self.read())
            .await
            .map_err(sql_error)?;
        found.map(Media::try_from).transpose()
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        after: Option<MediaId>,
        limit: u32,
    ) -> PortResult<Vec<Media>> {
        let mut select = Entity::find().filter(Column::WorkspaceId.eq(workspace.to_string()));
        if let Some(after) = after {
            select = select.filter(Column::Id.gt(after.to_string()));
        }
        let rows = select
            .order_by_asc(Column::Id)
            .limit(u64::from(limit))
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(Media::try_from).collect()
    }

    async fn update(&self, media: &Media) -> PortResult<()> {
        let row = Model::try_from(media)?;
        let tx = self.begin().await?;
        Entity::update_many()
            .col_expr(Column::State, Expr::value(row.state))
            .col_expr(Column::Size, Expr::value(row.size))
            .col_expr(Column::Sha256, Expr::value(row.sha256))
            .filter(Column::WorkspaceId.eq(row.workspace_id))
            .filter(Column::Id.eq(row.id))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn pending(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
        limit: u32,
    ) -> PortResult<Vec<Media>> {
        let select = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::SessionId.eq(session.to_string()));
        self.oldest_pending(select, limit).await
    }

    async fn abandoned(&self, before: Timestamp, limit: u32) -> PortResult<Vec<Media>> {
        let select = Entity::find()
            .filter(Column::SessionId.is_null())
            .filter(Column::CreatedAt.lt(before.as_millis()));
        self.oldest_pending(select, limit).await
    }

    async fn delete(&self, workspace: WorkspaceId, id: MediaId) -> PortResult<()> {
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

impl Database {
    async fn oldest_pending(&self, select: Select<Entity>, limit: u32) -> PortResult<Vec<Media>> {
        let rows = select
            .filter(Column::State.eq(MediaState::Pending.name()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(u64::from(limit))
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(Media::try_from).collect()
    }
}
