//! Tenants.

use async_trait::async_trait;
use sea_orm::{EntityTrait, IntoActiveModel, QueryOrder};
use wagate_domain::ports::{PortResult, Workspace, Workspaces};

use super::{Database, error::sql_error, rows::workspace};

#[async_trait]
impl Workspaces for Database {
    async fn insert(&self, new: &Workspace) -> PortResult<()> {
        let tx = self.begin().await?;
        workspace::Entity::insert(workspace::Model::from(new).into_active_model())
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn list(&self) -> PortResult<Vec<Workspace>> {
        let rows = workspace::Entity::find()
            .order_by_asc(workspace::Column::CreatedAt)
            .order_by_asc(workspace::Column::Id)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(Workspace::try_from).collect()
    }
}
