//! Contacts: who a PN or LID belongs to.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LikeExpr},
};
use wagate_domain::{
    Address, Contact, ContactId, SessionId, WorkspaceId,
    address::Server,
    messages::fold,
    ports::{ContactQuery, Contacts, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::contact::{Column, Entity, Model},
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

    async fn get(&self, workspace: WorkspaceId, id: ContactId) -> PortResult<Option<Contact>> {
        let ours = || Entity::find().filter(Column::WorkspaceId.eq(workspace.to_string()));
        let one =
            async |id: String| ours().filter(Column::Id.eq(id)).one(self.read()).await.map_err(sql_error);
        let found = match one(id.to_string()).await? {
            Some(Model { merged_into: Some(into), .. }) => one(into).await?,
            found => found,
        };
        found.map(Contact::try_from).transpose()
    }

    async fn list(&self, workspace: WorkspaceId, query: &ContactQuery) -> PortResult<Vec<Contact>> {
        let rows = page(workspace, query).all(self.read()).await.map_err(sql_error)?;
        rows.into_iter().map(Contact::try_from).collect()
    }
}

/// The statement of a page.
pub(super) fn page(workspace: WorkspaceId, query: &ContactQuery) -> Select<Entity> {
    let mut select = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::MergedInto.is_null());
    if let Some(session) = query.session {
        select = select.filter(Column::SessionId.eq(session.to_string()));
    }
    let mut sought = Condition::any();
    if let Some(name) = &query.name {
        sought = sought.add(has(Column::NameKey, name));
    }
    if let Some(digits) = &query.digits {
        sought = sought.add(has(Column::Pn, digits)).add(has(Column::Lid, digits));
    }
    if !sought.is_empty() {
        select = select.filter(sought);
    }
    if let Some(behind) = query.behind {
        select = select.filter(Column::Id.lt(behind.to_string()));
    }
    select.order_by_desc(Column::Id).limit(u64::from(query.limit))
}

/// Whether a column has a text in it, whatever characters that has.
fn has(column: Column, text: &str) -> Expr {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    column.like(LikeExpr::new(format!("%{escaped}%")).escape('\\'))
}

/// Makes every contact on record findable by its name.
pub(super) async fn fold_all(tx: &DatabaseTransaction) -> PortResult<()> {
    let named: Vec<(String, String)> = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::PushName)
        .filter(Column::PushName.is_not_null())
        .into_tuple()
        .all(tx)
        .await
        .map_err(sql_error)?;
    for (id, name) in named {
        Entity::update_many()
            .col_expr(Column::NameKey, Expr::value(fold(&name)))
            .filter(Column::Id.eq(id))
            .exec(tx)
            .await
            .map_err(sql_error)?;
    }
    Ok(())
}
