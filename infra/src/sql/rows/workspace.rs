//! A tenant.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    ports::{PortError, PortResult},
    workspaces::{Plan, Suspension, Workspace},
};

use super::{from_json, parse, text, to_json};

/// Row of `workspaces`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub created_at: i64,
    pub plan: Option<String>,
    pub suspended_at: Option<i64>,
    pub suspended_why: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Workspace> for Model {
    type Error = PortError;

    fn try_from(workspace: &Workspace) -> PortResult<Self> {
        let suspended = workspace.suspended.as_ref();
        Ok(Self {
            id: workspace.id.to_string(),
            name: text(&workspace.name).into_owned(),
            created_at: workspace.created_at.as_millis(),
            plan: workspace.plan.as_ref().map(to_json).transpose()?,
            suspended_at: suspended.map(|suspension| suspension.at.as_millis()),
            suspended_why: suspended.map(|suspension| text(&suspension.reason).into_owned()),
        })
    }
}

impl TryFrom<Model> for Workspace {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        let reason = row.suspended_why.unwrap_or_default();
        let suspended = row.suspended_at.map(|at| Suspension { at: Timestamp::from_millis(at), reason });
        Ok(Self {
            id: parse("workspace id", &row.id)?,
            name: row.name,
            plan: row.plan.as_deref().map(|plan| from_json::<Plan>("plan", plan)).transpose()?,
            suspended,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
