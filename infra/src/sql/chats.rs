//! Chats on record.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait},
};
use wagate_domain::{
    SessionId, WorkspaceId,
    chats::Chat,
    ports::{ChatFilter, ChatPlace, ChatQuery, Chats, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::{
        chat::{Column, Entity},
        contact,
    },
};

/// As the partial indexes name them.
const LISTED: &str = "NOT chats.deleted";
const UNREAD: &str = "(chats.unread > 0 OR chats.marked_unread)";
const READ: &str = "NOT (chats.unread > 0 OR chats.marked_unread)";

#[async_trait]
impl Chats for Database {
    async fn get(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
        chat: &ChatFilter,
    ) -> PortResult<Option<Chat>> {
        let keys = match chat {
            ChatFilter::Contact(contacts) => self.chat_keys(workspace, contacts).await?,
            ChatFilter::Address(address) => vec![address.to_string()],
        };
        let found = Entity::find()
            .filter(Column::SessionId.eq(session.to_string()))
            .filter(Column::ChatKey.is_in(keys))
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .find_also_related(contact::Entity)
            .one(self.read())
            .await
            .map_err(sql_error)?;
        found.map(|(row, contact)| row.read(contact)).transpose()
    }

    async fn list(&self, workspace: WorkspaceId, query: &ChatQuery) -> PortResult<Vec<Chat>> {
        let rows = page(workspace, query)
            .find_also_related(contact::Entity)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(|(row, contact)| row.read(contact)).collect()
    }
}

/// The statement of a page.
pub(super) fn page(workspace: WorkspaceId, query: &ChatQuery) -> Select<Entity> {
    let mut select =
        Entity::find().filter(Column::WorkspaceId.eq(workspace.to_string())).filter(Expr::cust(LISTED));
    if let Some(session) = query.session {
        select = select.filter(Column::SessionId.eq(session.to_string()));
    }
    if let Some(archived) = query.archived {
        select = select.filter(Column::Archived.eq(archived));
    }
    if let Some(unread) = query.unread {
        select = select.filter(Expr::cust(if unread { UNREAD } else { READ }));
    }
    if let Some(ChatPlace { at, session, key }) = &query.behind {
        let columns =
            [Column::At, Column::SessionId, Column::ChatKey].map(|column| Expr::col((Entity, column)));
        let values =
            [Expr::value(at.as_millis()), Expr::value(session.to_string()), Expr::value(key.clone())];
        select = select.filter(Expr::tuple(columns).lt(Expr::tuple(values)));
    }
    select
        .order_by_desc(Column::At)
        .order_by_desc(Column::SessionId)
        .order_by_desc(Column::ChatKey)
        .limit(u64::from(query.limit))
}
