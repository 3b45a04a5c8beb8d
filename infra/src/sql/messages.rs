//! Messages on record.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::Expr,
};
use wagate_domain::{
    ContactId, ContactIds, MessageId, Timestamp, WorkspaceId,
    messages::Message,
    ports::{ChatFilter, MessageQuery, Messages, PortResult},
    sessions::SessionKey,
};

use super::{
    Database,
    error::sql_error,
    rows::{
        contact,
        message::{Column, Entity},
    },
    words,
};

#[async_trait]
impl Messages for Database {
    async fn get(&self, workspace: WorkspaceId, id: MessageId) -> PortResult<Option<Message>> {
        let found = Entity::find_by_id(id.to_string())
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .find_also_related(contact::Entity)
            .one(self.read())
            .await
            .map_err(sql_error)?;
        found.map(|(row, contact)| row.read(contact)).transpose()
    }

    async fn get_many(&self, workspace: WorkspaceId, ids: &[MessageId]) -> PortResult<Vec<Message>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Entity::find()
            .filter(Column::Id.is_in(ids.iter().map(ToString::to_string)))
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .find_also_related(contact::Entity)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(|(row, contact)| row.read(contact)).collect()
    }

    async fn list(&self, workspace: WorkspaceId, query: &MessageQuery) -> PortResult<Vec<Message>> {
        let chats = match &query.chat {
            None => None,
            Some(ChatFilter::Contact(contacts)) => Some(self.chat_keys(workspace, contacts).await?),
            Some(ChatFilter::Address(address)) => Some(vec![address.to_string()]),
        };
        let rows = self
            .page(workspace, query, chats)
            .find_also_related(contact::Entity)
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(|(row, contact)| row.read(contact)).collect()
    }

    async fn has_written_with(&self, session: SessionKey, contact: &ContactIds) -> PortResult<bool> {
        let mut who = Condition::any();
        if let Some(pn) = &contact.pn {
            who = who.add(contact::Column::Pn.eq(pn.clone()));
        }
        if let Some(lid) = &contact.lid {
            who = who.add(contact::Column::Lid.eq(lid.clone()));
        }
        if who.is_empty() {
            return Ok(false);
        }
        let chats: Vec<String> = contact::Entity::find()
            .select_only()
            .column(contact::Column::Id)
            .filter(contact::Column::SessionId.eq(session.id.to_string()))
            .filter(contact::Column::WorkspaceId.eq(session.workspace.to_string()))
            .filter(who)
            .into_tuple()
            .all(self.read())
            .await
            .map_err(sql_error)?;
        let written = Condition::any().add(Column::Direction.eq("in")).add(Column::Status.is_in([
            "sent",
            "delivered",
            "read",
            "played",
        ]));
        let found = Entity::find()
            .filter(Column::WorkspaceId.eq(session.workspace.to_string()))
            .filter(Column::ChatKey.is_in(chats))
            .filter(written)
            .limit(1)
            .one(self.read())
            .await
            .map_err(sql_error)?;
        Ok(found.is_some())
    }

    async fn unfinished(&self, after: Option<MessageId>, limit: u32) -> PortResult<Vec<Message>> {
        let mut select = Entity::find().order_by_asc(Column::Id);
        if let Some(after) = after {
            select = select.filter(Column::Id.gt(after.to_string()));
        }
        self.first_unfinished(select, limit).await
    }

    async fn overdue(&self, moment: Timestamp, limit: u32) -> PortResult<Vec<Message>> {
        let select =
            Entity::find().filter(Column::ExpiresAt.lt(moment.as_millis())).order_by_asc(Column::ExpiresAt);
        self.first_unfinished(select, limit).await
    }
}

fn place_of_row() -> Expr {
    Expr::tuple([Expr::col((Entity, Column::At)), Expr::col((Entity, Column::Id))])
}

fn place_of((at, id): (Timestamp, MessageId)) -> Expr {
    Expr::tuple([Expr::value(at.as_millis()), Expr::value(id.to_string())])
}

/// Statuses of messages that have not ended, as the partial indexes name them.
const PENDING: &str = "status IN ('accepted', 'scheduled', 'sending')";

impl Database {
    /// The statement of a page; `chats` are keys of chats.
    pub(super) fn page(
        &self,
        workspace: WorkspaceId,
        query: &MessageQuery,
        chats: Option<Vec<String>>,
    ) -> Select<Entity> {
        let mut select = Entity::find().filter(Column::WorkspaceId.eq(workspace.to_string()));
        if let Some(session) = query.session {
            select = select.filter(Column::SessionId.eq(session.to_string()));
        }
        if let Some(chats) = chats {
            select = select.filter(Column::ChatKey.is_in(chats));
        }
        if let Some(status) = query.status {
            select = select.filter(Column::Status.eq(status.name()));
        }
        if let Some(campaign) = &query.campaign {
            select = select.filter(Column::Campaign.eq(campaign.clone()));
        }
        if let Some(text) = &query.text {
            select = select.filter(words::found(self.is_postgres(), workspace, text, query.kind.as_deref()));
        }
        if let Some(from) = query.from {
            select = select.filter(Column::At.gte(from.as_millis()));
        }
        if let Some(to) = query.to {
            select = select.filter(Column::At.lt(to.as_millis()));
        }
        if let Some(place) = query.before {
            select = select.filter(place_of_row().lt(place_of(place)));
        }
        if let Some(place) = query.after {
            select = select.filter(place_of_row().gt(place_of(place)));
        }
        let order = if query.oldest_first { Order::Asc } else { Order::Desc };
        select.order_by(Column::At, order.clone()).order_by(Column::Id, order).limit(u64::from(query.limit))
    }

    async fn first_unfinished(&self, select: Select<Entity>, limit: u32) -> PortResult<Vec<Message>> {
        let rows = select
            .filter(Expr::cust(PENDING))
            .limit(u64::from(limit))
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(|row| row.read(None)).collect()
    }

    /// The keys of these contacts' chats; an id from before a merge leads to the contact it became.
    pub(super) async fn chat_keys(
        &self,
        workspace: WorkspaceId,
        contacts: &[ContactId],
    ) -> PortResult<Vec<String>> {
        let mut keys: Vec<String> = contacts.iter().map(ToString::to_string).collect();
        let merged: Vec<Option<String>> = contact::Entity::find()
            .select_only()
            .column(contact::Column::MergedInto)
            .filter(contact::Column::WorkspaceId.eq(workspace.to_string()))
            .filter(contact::Column::Id.is_in(keys.clone()))
            .into_tuple()
            .all(self.read())
            .await
            .map_err(sql_error)?;
        keys.extend(merged.into_iter().flatten());
        Ok(keys)
    }
}
