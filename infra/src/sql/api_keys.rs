//! API keys.

use std::net::IpAddr;

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
        // two questions, each with its index: most keys have no secret before
        for column in [Column::Hash, Column::OldHash] {
            let found = Entity::find()
                .filter(column.eq(hash))
                .filter(Column::RevokedAt.is_null())
                .one(self.read())
                .await
                .map_err(sql_error)?;
            if let Some(found) = found {
                return ApiKey::try_from(found).map(Some);
            }
        }
        Ok(None)
    }

    async fn get(&self, workspace: WorkspaceId, key: ApiKeyId) -> PortResult<Option<ApiKey>> {
        let found = Entity::find_by_id(key.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
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

    async fn update(&self, before: &ApiKey, key: &ApiKey) -> PortResult<bool> {
        let row = Model::from(key);
        let tx = self.begin().await?;
        let done = Entity::update_many()
            .col_expr(Column::Name, Expr::value(row.name))
            .col_expr(Column::Prefix, Expr::value(row.prefix))
            .col_expr(Column::Hash, Expr::value(row.hash))
            .col_expr(Column::OldHash, Expr::value(row.old_hash))
            .col_expr(Column::OldUntil, Expr::value(row.old_until))
            .col_expr(Column::Scopes, Expr::value(row.scopes))
            .col_expr(Column::Sessions, Expr::value(row.sessions))
            .col_expr(Column::Addresses, Expr::value(row.addresses))
            .col_expr(Column::ExpiresAt, Expr::value(row.expires_at))
            .filter(Column::WorkspaceId.eq(row.workspace_id))
            .filter(Column::Id.eq(row.id))
            .filter(Column::Hash.eq(&before.hash))
            .filter(Column::RevokedAt.is_null())
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done.rows_affected > 0)
    }

    async fn used(&self, key: &ApiKey, at: Timestamp, from: Option<IpAddr>) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::update_many()
            .col_expr(Column::LastUsedAt, Expr::value(at.as_millis()))
            .col_expr(Column::LastUsedFrom, Expr::value(from.map(|from| from.to_string())))
            .filter(Column::WorkspaceId.eq(key.workspace.to_string()))
            .filter(Column::Id.eq(key.id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
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
