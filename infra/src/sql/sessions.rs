//! Sessions, and the epoch that says who may write for one.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, LockType},
};
use wagate_domain::{
    ConnectorId, SessionId, WorkspaceId,
    ports::{PortResult, Sessions},
    sessions::{RewriteSession, Session, SessionKey},
};

use super::{
    Database,
    error::{internal, sql_error},
    rows::{
        parse,
        session::{Column, Entity, Model, seal},
        signed, text, to_json, workspace,
    },
};

#[async_trait]
impl Sessions for Database {
    async fn insert(&self, session: &Session) -> PortResult<Session> {
        let tx = self.begin().await?;
        let stored = self.store(&tx, session).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(stored)
    }

    async fn insert_within(&self, session: &Session, most: u32) -> PortResult<Option<Session>> {
        let tx = self.begin().await?;
        let workspace = session.workspace.to_string();
        // whoever else makes a session of this tenant waits here, and then counts this one
        let mut tenant = workspace::Entity::find_by_id(&workspace);
        if self.is_postgres() {
            tenant = tenant.lock_exclusive();
        }
        tenant.one(&tx).await.map_err(sql_error)?;
        let others = Entity::find()
            .filter(Column::WorkspaceId.eq(&workspace))
            .filter(Column::Id.ne(session.id.to_string()));
        if others.count(&tx).await.map_err(sql_error)? >= u64::from(most)
            && row(&tx, session.id).await?.is_none()
        {
            return Ok(None);
        }
        let stored = self.store(&tx, session).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(Some(stored))
    }

    async fn get(&self, workspace: WorkspaceId, id: SessionId) -> PortResult<Option<Session>> {
        let found = Entity::find_by_id(id.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .one(self.read())
            .await
            .map_err(sql_error)?;
        Ok(self.read_sessions(found).await?.pop())
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
        self.read_sessions(rows).await
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
        Ok(self.read_sessions(stored).await?.pop())
    }

    async fn rewrite(
        &self,
        workspace: WorkspaceId,
        id: SessionId,
        change: &RewriteSession,
    ) -> PortResult<Option<Session>> {
        let tx = self.begin().await?;
        // held: the key that it names is the one to seal with until the commit
        let found = Entity::find_by_id(id.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .lock(LockType::NoKeyUpdate)
            .one(&tx)
            .await
            .map_err(sql_error)?;
        let Some(found) = found else { return Ok(None) };
        let name = change.name.as_deref().map_or(found.name, |name| text(name).into_owned());
        let pacing = change.pacing.as_ref().map(to_json).transpose()?.unwrap_or(found.pacing);
        let proxy = match &change.proxy {
            None => found.proxy,
            Some(None) => None,
            Some(Some(proxy)) => {
                let key = parse("data key id", found.data_key.as_deref().unwrap_or_default())?;
                let key = self.keys().get(&tx, workspace, key).await?;
                Some(seal(&key, SessionKey { workspace, id }, proxy)?)
            }
        };
        Entity::update_many()
            .col_expr(Column::Name, Expr::value(name))
            .col_expr(Column::Pacing, Expr::value(pacing))
            .col_expr(Column::Proxy, Expr::value(proxy))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        let stored = row(&tx, id).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(self.read_sessions(stored).await?.pop())
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
        use workspace::Column as W;
        let suspended = W::SuspendedAt.is_not_null().or(W::DeletionDueAt.is_not_null());
        let suspended = workspace::Entity::find()
            .select_only()
            .column(W::Id)
            // held once more, to be logged out
            .filter(suspended.and(W::UnlinkUntil.is_null()));
        let rows = Entity::find()
            .filter(Column::Wanted.eq(true))
            .filter(Column::WorkspaceId.not_in_subquery(suspended.into_query()))
            .order_by_asc(Column::Id)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        self.read_sessions(rows).await
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
        Ok(self.read_sessions(stored).await?.pop())
    }
}

async fn row(tx: &DatabaseTransaction, id: SessionId) -> PortResult<Option<Model>> {
    Entity::find_by_id(id.to_string()).one(tx).await.map_err(sql_error)
}

impl Database {
    /// Stores a session, unless one of the same id and tenant is there; the one on record.
    async fn store(&self, tx: &DatabaseTransaction, session: &Session) -> PortResult<Session> {
        let key = self.keys().current(tx, session.workspace).await?;
        Entity::insert(Model::of(session, &key)?.into_active_model())
            .on_conflict_do_nothing()
            .exec_without_returning(tx)
            .await
            .map_err(sql_error)?;
        let stored =
            row(tx, session.id).await?.filter(|row| row.workspace_id == session.workspace.to_string());
        let stored = stored.ok_or_else(|| internal("the session's id is taken by another workspace"))?;
        stored.read(self.keys(), tx).await
    }

    async fn read_sessions(&self, rows: impl IntoIterator<Item = Model>) -> PortResult<Vec<Session>> {
        let mut sessions = Vec::new();
        for row in rows {
            sessions.push(row.read(self.keys(), self.read()).await?);
        }
        Ok(sessions)
    }
}
