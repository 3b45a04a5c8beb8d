//! Tenants.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::{Expr, SimpleExpr},
};
use wagate_domain::{
    WorkspaceId,
    ports::{PortResult, Workspaces},
    workspaces::{Asker, Deletion, Plan, Suspension, Workspace},
};

use super::{
    Database,
    error::sql_error,
    rows::{
        text, to_json,
        workspace::{Column, Entity, Model},
    },
};

#[async_trait]
impl Workspaces for Database {
    async fn insert(&self, new: &Workspace) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::insert(Model::try_from(new)?.into_active_model())
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn get(&self, id: WorkspaceId) -> PortResult<Option<Workspace>> {
        let found = Entity::find_by_id(id.to_string()).one(self.read()).await.map_err(sql_error)?;
        found.map(Workspace::try_from).transpose()
    }

    async fn list(&self) -> PortResult<Vec<Workspace>> {
        let rows = Entity::find()
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(Workspace::try_from).collect()
    }

    async fn change(
        &self,
        id: WorkspaceId,
        name: Option<&str>,
        plan: Option<Option<Plan>>,
    ) -> PortResult<Option<Workspace>> {
        let mut changes = Vec::new();
        if let Some(name) = name {
            changes.push((Column::Name, Expr::value(text(name).into_owned())));
        }
        if let Some(plan) = plan {
            changes.push((Column::Plan, Expr::value(plan.as_ref().map(to_json).transpose()?)));
        }
        self.rewrite_workspace(id, changes).await
    }

    async fn suspend(&self, id: WorkspaceId, suspension: &Suspension) -> PortResult<Option<Workspace>> {
        let changes = vec![
            (Column::SuspendedAt, Expr::value(suspension.at.as_millis())),
            (Column::SuspendedWhy, Expr::value(text(&suspension.reason).into_owned())),
        ];
        self.rewrite_workspace(id, changes).await
    }

    async fn restore(&self, id: WorkspaceId) -> PortResult<Option<Workspace>> {
        let changes = vec![
            (Column::SuspendedAt, Expr::value(None::<i64>)),
            (Column::SuspendedWhy, Expr::value(None::<String>)),
        ];
        self.rewrite_workspace(id, changes).await
    }

    async fn set_deletion(
        &self,
        id: WorkspaceId,
        deletion: Option<Deletion>,
        by: Asker,
    ) -> PortResult<Option<Workspace>> {
        let changes = vec![
            (Column::DeletionAskedAt, Expr::value(deletion.map(|deletion| deletion.asked_at.as_millis()))),
            (Column::DeletionDueAt, Expr::value(deletion.map(|deletion| deletion.due_at.as_millis()))),
            (Column::DeletionExports, Expr::value(deletion.is_some_and(|deletion| deletion.exports))),
            (Column::DeletionByOwner, Expr::value(deletion.is_some() && by == Asker::Owner)),
            (Column::UnlinkUntil, Expr::value(None::<i64>)),
        ];
        let theirs = match by {
            Asker::Operator => Condition::all(),
            Asker::Owner => {
                Condition::any().add(Column::DeletionAskedAt.is_null()).add(Column::DeletionByOwner.eq(true))
            }
        };
        self.rewrite_workspace_if(id, changes, theirs).await
    }
}

impl Database {
    async fn rewrite_workspace(
        &self,
        id: WorkspaceId,
        changes: Vec<(Column, SimpleExpr)>,
    ) -> PortResult<Option<Workspace>> {
        self.rewrite_workspace_if(id, changes, Condition::all()).await
    }

    /// Changes it when it is as `when` says; how it is then.
    async fn rewrite_workspace_if(
        &self,
        id: WorkspaceId,
        changes: Vec<(Column, SimpleExpr)>,
        when: Condition,
    ) -> PortResult<Option<Workspace>> {
        if changes.is_empty() {
            return Workspaces::get(self, id).await;
        }
        let tx = self.begin().await?;
        let update = changes
            .into_iter()
            .fold(Entity::update_many(), |update, (column, value)| update.col_expr(column, value))
            .filter(Column::Id.eq(id.to_string()))
            .filter(when);
        update.exec(&tx).await.map_err(sql_error)?;
        let stored = Entity::find_by_id(id.to_string()).one(&tx).await.map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        stored.map(Workspace::try_from).transpose()
    }
}
