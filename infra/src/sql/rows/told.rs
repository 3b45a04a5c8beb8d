//! What subscribers are told.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    events::Told,
    ports::{PortResult, ToldEntry},
};

use super::{from_json, parse, parse_optional, text, to_json, unsigned, written};

/// Row of `events`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub id: String,
    pub workspace_id: String,
    pub session_id: Option<String>,
    pub r#type: String,
    pub chat: String,
    pub at: i64,
    pub data: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of an event in its place.
    pub(in crate::sql) fn of(told: &Told, seq: i64) -> PortResult<Self> {
        Ok(Self {
            seq,
            id: told.id.to_string(),
            workspace_id: told.workspace.to_string(),
            session_id: written(told.session),
            r#type: told.data.kind().name().to_owned(),
            chat: told.order(),
            at: told.at.as_millis(),
            data: text(&to_json(&told.data)?).into_owned(),
        })
    }

    /// The event.
    pub(in crate::sql) fn read(self) -> PortResult<ToldEntry> {
        Ok(ToldEntry {
            seq: unsigned(self.seq),
            order: self.chat,
            told: Told {
                id: parse("event id", &self.id)?,
                workspace: parse("workspace id", &self.workspace_id)?,
                session: parse_optional("session id", self.session_id.as_deref())?,
                at: Timestamp::from_millis(self.at),
                data: from_json("event", &self.data)?,
            },
        })
    }
}
