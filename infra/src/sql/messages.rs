//! Messages on record.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
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

    async fn list(&self, workspace: WorkspaceId, query: &MessageQuery) -> PortResult<Vec<Message>> {
        let mut select = Entity::find().filter(Column::WorkspaceId.eq(workspace.to_string()));
        if let Some(session) = query.session {
            select = select.filter(Column::SessionId.eq(session.to_string()));
        }
        match &query.chat {
            None => {}
            Some(ChatFilter::Contact(contacts)) => {
                select = select.filter(Column::ChatKey.is_in(self.chat_keys(workspace, contacts).await?));
            }
            Some(ChatFilter::Address(address)) => {
                select = select.filter(Column::ChatKey.eq(address.to_string()));
            }
        }
        if let Some(status) = query.status {
            select = select.filter(Column::Status.eq(status.name()));
        }
        if let Some(campaign) = &query.campaign {
            select = select.filter(Column::Campaign.eq(campaign.clone()));
        }
        if let Some((at, id)) = query.before {
            let place = Expr::tuple([Expr::col((Entity, Column::At)), Expr::col((Entity, Column::Id))]);
            let end = Expr::tuple([Expr::value(at.as_millis()), Expr::value(id.to_string())]);
            select = select.filter(place.lt(end));
        }
        let rows = select
            .order_by_desc(Column::At)
            .order_by_desc(Column::Id)
            .limit(u64::from(query.limit))
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

/// Statuses of messages that have not ended, as the partial indexes name them.
const PENDING: &str = "status IN ('accepted', 'scheduled', 'sending')";

impl Database {
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
    async fn chat_keys(&self, workspace: WorkspaceId, contacts: &[ContactId]) -> PortResult<Vec<String>> {
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
