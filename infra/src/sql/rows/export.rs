//! An export of a tenant.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    exports::{Export, ExportState},
    ports::{PortError, PortResult},
};

use super::{parse, signed, text, unreadable, unsigned};

/// Row of `exports`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub state: String,
    pub attempts: i64,
    pub lines: i64,
    pub bytes: i64,
    pub failure: Option<String>,
    pub asked_at: i64,
    pub ended_at: Option<i64>,
    pub expires_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Export> for Model {
    fn from(export: &Export) -> Self {
        Self {
            id: export.id.to_string(),
            workspace_id: export.workspace.to_string(),
            state: export.state.name().to_owned(),
            attempts: export.attempts.into(),
            lines: signed(export.lines),
            bytes: signed(export.bytes),
            failure: export.failure.as_deref().map(|failure| text(failure).into_owned()),
            asked_at: export.asked_at.as_millis(),
            ended_at: export.ended_at.map(Timestamp::as_millis),
            expires_at: export.expires_at.map(Timestamp::as_millis),
        }
    }
}

impl TryFrom<Model> for Export {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        let state = ExportState::named(&row.state);
        Ok(Self {
            id: parse("export id", &row.id)?,
            workspace: parse("workspace id", &row.workspace_id)?,
            state: state.ok_or_else(|| unreadable("state of an export", &row.state))?,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            lines: unsigned(row.lines),
            bytes: unsigned(row.bytes),
            failure: row.failure,
            asked_at: Timestamp::from_millis(row.asked_at),
            ended_at: row.ended_at.map(Timestamp::from_millis),
            expires_at: row.expires_at.map(Timestamp::from_millis),
        })
    }
}
