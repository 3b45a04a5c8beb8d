//! Origins of web pages that workspaces allow.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use wagate_domain::{
    WorkspaceId,
    ports::{Origins, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::cors_origin::{Column, Entity, Model},
};

#[async_trait]
impl Origins for Database {
    async fn get(&self, workspace: WorkspaceId) -> PortResult<Vec<String>> {
        let rows = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .order_by_asc(Column::Place)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        Ok(rows.into_iter().map(|row| row.origin).collect())
    }

    async fn put(&self, workspace: WorkspaceId, origins: &[String]) -> PortResult<()> {
        let workspace_id = workspace.to_string();
        let tx = self.begin().await?;
        Entity::delete_many()
            .filter(Column::WorkspaceId.eq(workspace_id.clone()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        for (origin, place) in origins.iter().zip(0..) {
            let row = Model { workspace_id: workspace_id.clone(), origin: origin.clone(), place };
            // of two that are set at the same time both may write; each origin stands once all the same
            Entity::insert(row.into_active_model())
                .on_conflict_do_nothing()
                .exec_without_returning(&tx)
                .await
                .map_err(sql_error)?;
        }
        tx.commit().await.map_err(sql_error)
    }

    async fn anybody_allows(&self, origin: &str) -> PortResult<bool> {
        let found = Entity::find().filter(Column::Origin.eq(origin)).one(self.read()).await;
        Ok(found.map_err(sql_error)?.is_some())
    }
}
