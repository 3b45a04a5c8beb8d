//! Sessions, and the epoch that says who may write for one.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use wagate_domain::{
    ConnectorId, SessionId, WorkspaceId,
    ports::{PortResult, Sessions},
    sessions::{Pacing, Session},
};

use super::{
    Database,
    error::{internal, sql_error},
    rows::{
        session::{Column, Entity, Model},
        signed, text, to_json,
    },
};

#[async_trait]
impl Sessions for Database {
    async fn insert(&self, session: &Session) -> PortResult<Session> {
        let tx = self.begin().await?;
        let key = self.keys().current(&tx, session.workspace).await?;
        Entity::insert(Model::of(session, key.id())?.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(&tx)
            .await
            .map_err(sql_error)?;
        let stored =
            row(&tx, session.id).await?.filter(|row| row.workspace_id == session.workspace.to_string());
        let stored = stored.ok_or_else(|| internal("the session's id is taken by another workspace"))?;
        tx.commit().await.map_err(sql_error)?;
        Session::try_from(stored)
    }

    async fn get(&self, workspace: WorkspaceId, id: SessionId) -> PortResult<Option<Session>> {
        let found = Entity::find_by_id(id.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .one(self.read())
            .await
            .map_err(sql_error)?;
        found.map(Session::try_from).transpose()
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        after: Option<SessionId>,
        limit: u32,
    ) -> PortResult<Vec<Session>> {
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
        rows.into_iter().map(Session::try_from).collect()
    }

    async fn set_wanted(
        &self,
        workspace: WorkspaceId,
        id: SessionId,
        wanted: bool,
    ) -> PortResult<Option<Session>> {
        let tx = self.begin().await?;
        let changed = Entity::update_many()
            .col_expr(Column::Wanted, Expr::value(wanted))
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        let stored = if changed.rows_affected > 0 { row(&tx, id).await? } else { None };
        tx.commit().await.map_err(sql_error)?;
        stored.map(Session::try_from).transpose()
    }

    async fn rewrite(
        &self,
        workspace: WorkspaceId,
        id: SessionId,
        name: Option<&str>,
        pacing: Option<&Pacing>,
    ) -> PortResult<Option<Session>> {
        let tx = self.begin().await?;
        let found = row(&tx, id).await?.filter(|row| row.workspace_id == workspace.to_string());
        let Some(found) = found else { return Ok(None) };
        let name = name.map_or(found.name, |name| text(name).into_owned());
        let pacing = pacing.map(to_json).transpose()?.unwrap_or(found.pacing);
        Entity::update_many()
            .col_expr(Column::Name, Expr::value(name))
            .col_expr(Column::Pacing, Expr::value(pacing))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        let stored = row(&tx, id).await?;
        tx.commit().await.map_err(sql_error)?;
        stored.map(Session::try_from).transpose()
    }

    async fn delete(&self, workspace: WorkspaceId, id: SessionId) -> PortResult<bool> {
        let tx = self.begin().await?;
        // the rows of the WhatsApp store go with it: their foreign keys cascade
        let deleted = Entity::delete_many()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(deleted.rows_affected > 0)
    }

    async fn wanted(&self) -> PortResult<Vec<Session>> {
        let rows = Entity::find()
            .filter(Column::Wanted.eq(true))
            .order_by_asc(Column::Id)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(Session::try_from).collect()
    }

    async fn raise_epoch(
        &self,
        id: SessionId,
        expected: u64,
        owner: ConnectorId,
    ) -> PortResult<Option<Session>> {
        let expected = signed(expected);
        let tx = self.begin().await?;
        let raised = Entity::update_many()
            .col_expr(Column::Epoch, Expr::value(expected.saturating_add(1)))
            .col_expr(Column::Owner, Expr::value(owner.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .filter(Column::Epoch.eq(expected))
            .filter(Column::Wanted.eq(true))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        let stored = if raised.rows_affected > 0 { row(&tx, id).await? } else { None };
        tx.commit().await.map_err(sql_error)?;
        stored.map(Session::try_from).transpose()
    }
}

async fn row(tx: &DatabaseTransaction, id: SessionId) -> PortResult<Option<Model>> {
    Entity::find_by_id(id.to_string()).one(tx).await.map_err(sql_error)
}
