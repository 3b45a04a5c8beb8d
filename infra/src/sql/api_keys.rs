//! API keys.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::Expr,
};
use wagate_domain::{
    ApiKeyId, Timestamp, WorkspaceId,
    auth::ApiKey,
    ports::{ApiKeys, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::api_key::{Column, Entity, Model},
};

#[async_trait]
impl ApiKeys for Database {
    async fn insert(&self, key: &ApiKey) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::insert(Model::from(key).into_active_model())
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn find(&self, hash: &str) -> PortResult<Option<ApiKey>> {
        let found = Entity::find()
            .filter(Column::Hash.eq(hash))
            .filter(Column::RevokedAt.is_null())
            .one(self.read())
            .await
            .map_err(sql_error)?;
        found.map(ApiKey::try_from).transpose()
    }

    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<ApiKey>> {
        let rows = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    async fn revoke(&self, workspace: WorkspaceId, key: ApiKeyId, at: Timestamp) -> PortResult<bool> {
        let tx = self.begin().await?;
        // a key that was revoked before keeps its first date
        let revoked_at = Expr::col(Column::RevokedAt).if_null(at.as_millis());
        let changed = Entity::update_many()
            .col_expr(Column::RevokedAt, revoked_at)
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(key.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(changed.rows_affected > 0)
    }
}
