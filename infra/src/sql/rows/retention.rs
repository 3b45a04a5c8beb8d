//! How long a tenant keeps what.

use sea_orm::entity::prelude::*;
use wagate_domain::{WorkspaceId, retention::Retention};

/// Row of `retention`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retention")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: String,
    pub messages_days: Option<i64>,
    pub media_days: Option<i64>,
    pub events_days: Option<i64>,
    pub deliveries_days: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of a tenant's times.
    pub(in crate::sql) fn of(workspace: WorkspaceId, retention: &Retention) -> Self {
        Self {
            workspace_id: workspace.to_string(),
            messages_days: retention.messages_days.map(i64::from),
            media_days: retention.media_days.map(i64::from),
            events_days: retention.events_days.map(i64::from),
            deliveries_days: retention.deliveries_days.map(i64::from),
        }
    }
}

impl From<&Model> for Retention {
    fn from(row: &Model) -> Self {
        // a time that cannot be read keeps everything
        let days = |days: Option<i64>| days.and_then(|days| u32::try_from(days).ok());
        Self {
            messages_days: days(row.messages_days),
            media_days: days(row.media_days),
            events_days: days(row.events_days),
            deliveries_days: days(row.deliveries_days),
        }
    }
}
