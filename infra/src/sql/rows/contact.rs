//! A contact, or the signpost that a merged one left behind.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Contact, ContactIds, Timestamp,
    ports::{PortError, PortResult},
};

use super::parse;

/// Row of `contacts`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contacts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub session_id: String,
    pub pn: Option<String>,
    pub lid: Option<String>,
    pub push_name: Option<String>,
    pub merged_into: Option<String>,
    pub updated_at: i64,
    pub name_key: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Contact {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        Ok(Self {
            id: parse("contact id", &row.id)?,
            workspace: parse("workspace id", &row.workspace_id)?,
            session: parse("session id", &row.session_id)?,
            ids: ContactIds { pn: row.pn, lid: row.lid },
            push_name: row.push_name,
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}
