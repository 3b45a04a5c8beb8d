//! An entry of the audit log.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    audit::{AuditActor, AuditEntry, Outcome},
    ports::{PortError, PortResult},
};

use super::{from_json, optional_text, parse, parse_optional, to_json, unreadable, written};

/// Row of `audit`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: Option<String>,
    pub at: i64,
    pub actor: Option<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub action: String,
    pub target: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    pub outcome: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&AuditEntry> for Model {
    type Error = PortError;

    fn try_from(entry: &AuditEntry) -> PortResult<Self> {
        let json = |value: &Option<serde_json::Value>| value.as_ref().map(to_json).transpose();
        Ok(Self {
            id: entry.id.to_string(),
            workspace_id: written(entry.workspace),
            at: entry.at.as_millis(),
            actor: entry.actor.written(),
            address: written(entry.address),
            request_id: optional_text(entry.request_id.as_deref()),
            action: entry.action.clone(),
            target: optional_text(entry.target.as_deref()),
            // JSON writes NUL as \u0000, which PostgreSQL takes as text
            before: json(&entry.before)?,
            after: json(&entry.after)?,
            outcome: entry.outcome.name().to_owned(),
        })
    }
}

impl TryFrom<Model> for AuditEntry {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        let actor = match row.actor.as_deref() {
            None => AuditActor::Unknown,
            Some(actor) => AuditActor::read(actor).map_err(|_| unreadable("actor", actor))?,
        };
        let json = |text: Option<String>| text.map(|text| from_json("change", &text)).transpose();
        Ok(Self {
            id: parse("audit id", &row.id)?,
            workspace: parse_optional("workspace id", row.workspace_id.as_deref())?,
            at: Timestamp::from_millis(row.at),
            actor,
            address: parse_optional("address", row.address.as_deref())?,
            request_id: row.request_id,
            action: row.action,
            outcome: Outcome::from_name(&row.outcome).ok_or_else(|| unreadable("outcome", &row.outcome))?,
            target: row.target,
            before: json(row.before)?,
            after: json(row.after)?,
        })
    }
}
