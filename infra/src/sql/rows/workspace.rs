//! A tenant.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    ports::{PortError, PortResult},
    workspaces::{Asker, Deletion, Plan, Suspension, Workspace},
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
    pub deletion_asked_at: Option<i64>,
    pub deletion_due_at: Option<i64>,
    pub deletion_exports: bool,
    pub unlink_until: Option<i64>,
    pub deletion_by_owner: bool,
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
            deletion_asked_at: workspace.deletion.map(|deletion| deletion.asked_at.as_millis()),
            deletion_due_at: workspace.deletion.map(|deletion| deletion.due_at.as_millis()),
            deletion_exports: workspace.deletion.is_some_and(|deletion| deletion.exports),
            unlink_until: None,
            deletion_by_owner: workspace.deletion.is_some_and(|deletion| deletion.by == Asker::Owner),
        })
    }
}

impl TryFrom<Model> for Workspace {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        let reason = row.suspended_why.unwrap_or_default();
        let suspended = row.suspended_at.map(|at| Suspension { at: Timestamp::from_millis(at), reason });
        let deletion = row.deletion_asked_at.zip(row.deletion_due_at).map(|(asked_at, due_at)| Deletion {
            asked_at: Timestamp::from_millis(asked_at),
            due_at: Timestamp::from_millis(due_at),
            exports: row.deletion_exports,
            by: if row.deletion_by_owner { Asker::Owner } else { Asker::Operator },
        });
        Ok(Self {
            id: parse("workspace id", &row.id)?,
            name: row.name,
            plan: row.plan.as_deref().map(|plan| from_json::<Plan>("plan", plan)).transpose()?,
            suspended,
            deletion,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
