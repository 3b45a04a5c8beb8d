//! Contacts: who a PN or LID belongs to.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use wagate_domain::{
    Address, Contact, SessionId, WorkspaceId,
    address::Server,
    ports::{Contacts, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::contact::{Column, Entity},
};

#[async_trait]
impl Contacts for Database {
    async fn find(
        &self,
        workspace: WorkspaceId,
        session: Option<SessionId>,
        address: &Address,
    ) -> PortResult<Vec<Contact>> {
        let column = match address.server() {
            Server::Pn => Column::Pn,
            Server::Lid => Column::Lid,
            Server::Group | Server::Newsletter => return Ok(Vec::new()),
        };
        let mut select = Entity::find()
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(column.eq(address.user()));
        if let Some(session) = session {
            select = select.filter(Column::SessionId.eq(session.to_string()));
        }
        let rows = select.order_by_asc(Column::Id).all(self.read()).await.map_err(sql_error)?;
        rows.into_iter().map(Contact::try_from).collect()
    }
}
