//! A tenant.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    ports::{PortError, PortResult, Workspace},
};

use super::{parse, text};

/// Row of `workspaces`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Workspace> for Model {
    fn from(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: text(&workspace.name).into_owned(),
            created_at: workspace.created_at.as_millis(),
        }
    }
}

impl TryFrom<Model> for Workspace {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        Ok(Self {
            id: parse("workspace id", &row.id)?,
            name: row.name,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
