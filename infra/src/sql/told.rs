//! What subscribers are told, in its order.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use wagate_domain::{
    EventId, WorkspaceId,
    events::{EventKind, Told},
    ports::{PortResult, ToldEntry, ToldEvents, ToldQuery, ToldSubject},
};

use super::{
    Database,
    error::sql_error,
    projection::write_told,
    rows::{
        parse, parse_optional, signed,
        told::{Column, Entity, Model},
        unreadable, unsigned,
    },
};

#[async_trait]
impl ToldEvents for Database {
    async fn list(&self, workspace: WorkspaceId, query: &ToldQuery) -> PortResult<Vec<ToldEntry>> {
        let mut select = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Seq.gt(signed(query.after)));
        if let Some(until) = query.until {
            select = select.filter(Column::Seq.lte(signed(until)));
        }
        if let Some(session) = query.session {
            select = select.filter(Column::SessionId.eq(session.to_string()));
        }
        if !query.kinds.is_empty() {
            select = select.filter(Column::Type.is_in(query.kinds.iter().map(|kind| kind.name())));
        }
        if !query.orders.is_empty() {
            select = select.filter(Column::Chat.is_in(query.orders.iter().cloned()));
        }
        let rows = select.order_by_asc(Column::Seq).limit(u64::from(query.limit)).all(self.read()).await;
        read(rows.map_err(sql_error)?)
    }

    async fn get(&self, workspace: WorkspaceId, id: EventId) -> PortResult<Option<ToldEntry>> {
        let row = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Id.eq(id.to_string()))
            .one(self.read())
            .await
            .map_err(sql_error)?;
        row.map(Model::read).transpose()
    }

    async fn at(&self, workspace: WorkspaceId, places: &[u64]) -> PortResult<Vec<ToldEntry>> {
        let rows = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::Seq.is_in(places.iter().map(|place| signed(*place))))
            .order_by_asc(Column::Seq)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        read(rows)
    }

    async fn newest(&self) -> PortResult<u64> {
        let sql = "SELECT last FROM event_counter WHERE one = 1";
        let statement = Statement::from_string(self.read().get_database_backend(), sql);
        let row = self.read().query_one_raw(statement).await.map_err(sql_error)?;
        let last = row.map(|row| row.try_get_by_index::<i64>(0)).transpose().map_err(sql_error)?;
        Ok(unsigned(last.unwrap_or_default()))
    }

    async fn span(&self, workspace: WorkspaceId, from: i64, until: i64) -> PortResult<Option<(u64, u64)>> {
        let sql = "SELECT MIN(seq), MAX(seq) FROM events WHERE workspace_id = $1 AND at >= $2 AND at < $3";
        let values = [workspace.to_string().into(), from.into(), until.into()];
        let statement = Statement::from_sql_and_values(self.read().get_database_backend(), sql, values);
        let Some(row) = self.read().query_one_raw(statement).await.map_err(sql_error)? else {
            return Ok(None);
        };
        let bound = |index| row.try_get_by_index::<Option<i64>>(index).map_err(sql_error);
        Ok(bound(0)?.zip(bound(1)?).map(|(first, last)| (unsigned(first), unsigned(last))))
    }

    async fn tail(&self, after: u64, limit: u32) -> PortResult<Vec<ToldEntry>> {
        let rows = Entity::find()
            .filter(Column::Seq.gt(signed(after)))
            .order_by_asc(Column::Seq)
            .limit(u64::from(limit))
            .all(self.read())
            .await
            .map_err(sql_error)?;
        read(rows)
    }

    async fn subjects(&self, after: u64, until: u64) -> PortResult<Vec<ToldSubject>> {
        let rows: Vec<(String, Option<String>, String)> = Entity::find()
            .select_only()
            .columns([Column::WorkspaceId, Column::SessionId, Column::Type])
            .filter(Column::Seq.gt(signed(after)))
            .filter(Column::Seq.lte(signed(until)))
            .distinct()
            .into_tuple()
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.iter().map(|(workspace, session, kind)| subject(workspace, session.as_deref(), kind)).collect()
    }

    async fn tell(&self, told: &[Told]) -> PortResult<()> {
        let tx = self.begin().await?;
        write_told(&tx, told).await?;
        tx.commit().await.map_err(sql_error)
    }
}

fn read(rows: Vec<Model>) -> PortResult<Vec<ToldEntry>> {
    rows.into_iter().map(Model::read).collect()
}

fn subject(workspace: &str, session: Option<&str>, kind: &str) -> PortResult<ToldSubject> {
    Ok(ToldSubject {
        workspace: parse("workspace id", workspace)?,
        session: parse_optional("session id", session)?,
        kind: EventKind::from_name(kind).ok_or_else(|| unreadable("event type", kind))?,
    })
}
