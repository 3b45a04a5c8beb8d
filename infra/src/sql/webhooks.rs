//! Webhooks on record.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use wagate_domain::{
    Timestamp, WebhookId, WorkspaceId,
    mail::Mail,
    ports::{PortResult, Webhooks},
    webhooks::{Disabled, Webhook},
};

use super::{
    Database,
    error::sql_error,
    outbox::insert_mail,
    rows::{
        to_json,
        webhook::{Column, Entity, Model},
    },
};

#[async_trait]
impl Webhooks for Database {
    async fn insert(&self, webhook: &Webhook, most: u32) -> PortResult<Option<Webhook>> {
        let tx = self.begin().await?;
        let of_workspace = Entity::find().filter(Column::WorkspaceId.eq(webhook.workspace.to_string()));
        let there = of_workspace.clone().filter(Column::Id.eq(webhook.id.to_string())).one(&tx).await;
        if let Some(there) = there.map_err(sql_error)? {
            return there.read(self.keys(), &tx).await.map(Some);
        }
        if of_workspace.count(&tx).await.map_err(sql_error)? >= u64::from(most) {
            return Ok(None);
        }
        let key = self.keys().current(&tx, webhook.workspace).await?;
        Entity::insert(Model::of(webhook, &key)?.into_active_model())
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(Some(webhook.clone()))
    }

    async fn get(&self, workspace: WorkspaceId, id: WebhookId) -> PortResult<Option<Webhook>> {
        let found = Entity::find_by_id(id.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .one(self.read())
            .await
            .map_err(sql_error)?;
        Ok(self.read_all(found).await?.pop())
    }

    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<Webhook>> {
        let rows = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .order_by_asc(Column::Id)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        self.read_all(rows).await
    }

    async fn update(&self, webhook: &Webhook) -> PortResult<bool> {
        let tx = self.begin().await?;
        let key = self.keys().current(&tx, webhook.workspace).await?;
        let row = Model::of(webhook, &key)?;
        let done = Entity::update_many()
            .col_expr(Column::Url, Expr::value(row.url))
            .col_expr(Column::Description, Expr::value(row.description))
            .col_expr(Column::Events, Expr::value(row.events))
            .col_expr(Column::Headers, Expr::value(row.headers))
            .col_expr(Column::Secrets, Expr::value(row.secrets))
            .col_expr(Column::NotifyEmail, Expr::value(row.notify_email))
            .col_expr(Column::DataKey, Expr::value(row.data_key))
            .col_expr(Column::Enabled, Expr::value(row.enabled))
            .col_expr(Column::DisabledWhy, Expr::value(row.disabled_why))
            .col_expr(Column::FailingSince, Expr::value(row.failing_since))
            .col_expr(Column::UpdatedAt, Expr::value(row.updated_at))
            .filter(Column::WorkspaceId.eq(row.workspace_id))
            .filter(Column::Id.eq(row.id))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done.rows_affected > 0)
    }

    async fn touch(&self, workspace: WorkspaceId, id: WebhookId, now: Timestamp) -> PortResult<()> {
        let tx = self.begin().await?;
        let later = Expr::col(Column::UpdatedAt).add(1);
        let moment = Expr::case(Expr::col(Column::UpdatedAt).lt(now.as_millis()), now.as_millis());
        Entity::update_many()
            .col_expr(Column::UpdatedAt, moment.finally(later).into())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn delete(&self, workspace: WorkspaceId, id: WebhookId) -> PortResult<bool> {
        let tx = self.begin().await?;
        let done = Entity::delete_many()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done.rows_affected > 0)
    }

    async fn enabled(&self) -> PortResult<Vec<Webhook>> {
        let rows = Entity::find()
            .filter(Column::Enabled.eq(true))
            .order_by_asc(Column::Id)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        self.read_all(rows).await
    }

    async fn disable(&self, webhook: &Webhook, why: &Disabled, mail: Option<&Mail>) -> PortResult<bool> {
        let tx = self.begin().await?;
        let done = Entity::update_many()
            .col_expr(Column::Enabled, Expr::value(false))
            .col_expr(Column::DisabledWhy, Expr::value(to_json(why)?))
            .filter(Column::Id.eq(webhook.id.to_string()))
            .filter(Column::Enabled.eq(true))
            // whoever has changed it since decides anew
            .filter(Column::UpdatedAt.eq(webhook.updated_at.as_millis()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        if let Some(mail) = mail.filter(|_| done.rows_affected > 0) {
            insert_mail(&tx, self.keys().ring(), mail).await?;
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(done.rows_affected > 0)
    }
}

impl Database {
    async fn read_all(&self, rows: impl IntoIterator<Item = Model>) -> PortResult<Vec<Webhook>> {
        let mut webhooks = Vec::new();
        for row in rows {
            webhooks.push(row.read(self.keys(), self.read()).await?);
        }
        Ok(webhooks)
    }
}
