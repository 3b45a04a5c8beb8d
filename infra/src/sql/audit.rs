//! The audit log.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, SimpleExpr},
};
use wagate_domain::{
    AuditId, Timestamp, WorkspaceId,
    audit::{AuditActor, AuditEntry, Outcome},
    ids::{Id, ulid},
    ports::{AuditLog, AuditQuery, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::audit::{Column, Entity, Model},
};

#[async_trait]
impl AuditLog for Database {
    async fn insert(&self, entry: &AuditEntry) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::insert(Model::try_from(entry)?.into_active_model())
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn settle(&self, entry: &AuditEntry) -> PortResult<()> {
        let row = Model::try_from(entry)?;
        let tx = self.begin().await?;
        Entity::update_many()
            .col_expr(Column::Actor, Expr::value(row.actor))
            .col_expr(Column::Action, Expr::value(row.action))
            .col_expr(Column::Target, Expr::value(row.target))
            .col_expr(Column::Before, Expr::value(row.before))
            .col_expr(Column::After, Expr::value(row.after))
            .col_expr(Column::Outcome, Expr::value(row.outcome))
            .filter(is_open(entry))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn withdraw(&self, entry: &AuditEntry) -> PortResult<()> {
        let tx = self.begin().await?;
        Entity::delete_many().filter(is_open(entry)).exec(&tx).await.map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn forget(&self, before: Timestamp, limit: u32) -> PortResult<u64> {
        // an id begins with its moment
        let first: AuditId = AuditId::from_ulid(ulid(before, 0));
        let old = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.lt(first.to_string()))
            .order_by_asc(Column::Id)
            .limit(u64::from(limit));
        let tx = self.begin().await?;
        let gone = Entity::delete_many()
            .filter(Column::Id.in_subquery(old.into_query()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(gone.rows_affected)
    }

    async fn list(&self, workspace: Option<WorkspaceId>, query: &AuditQuery) -> PortResult<Vec<AuditEntry>> {
        let mut select = Entity::find().filter(of_workspace(workspace));
        if let Some(actor) = query.actor.and_then(AuditActor::written) {
            select = select.filter(Column::Actor.eq(actor));
        }
        if let Some(action) = &query.action {
            select = match action.strip_suffix('*') {
                Some(start) => select.filter(Column::Action.starts_with(start)),
                None => select.filter(Column::Action.eq(action)),
            };
        }
        if let Some(target) = &query.target {
            select = select.filter(Column::Target.eq(target));
        }
        if let Some(from) = query.from.map(Timestamp::as_millis) {
            select = select.filter(Column::At.gte(from));
        }
        if let Some(to) = query.to.map(Timestamp::as_millis) {
            select = select.filter(Column::At.lt(to));
        }
        if let Some(before) = query.before {
            select = select.filter(Column::Id.lt(before.to_string()));
        }
        let rows = select
            .order_by_desc(Column::Id)
            .limit(u64::from(query.limit))
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }
}

fn of_workspace(workspace: Option<WorkspaceId>) -> SimpleExpr {
    match workspace {
        Some(workspace) => Column::WorkspaceId.eq(workspace.to_string()),
        None => Column::WorkspaceId.is_null(),
    }
}

/// The entry as long as its outcome is not known.
fn is_open(entry: &AuditEntry) -> Condition {
    Condition::all()
        .add(of_workspace(entry.workspace))
        .add(Column::Id.eq(entry.id.to_string()))
        .add(Column::Outcome.eq(Outcome::Unknown.name()))
}
