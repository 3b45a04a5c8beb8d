//! A mail on its way, or what is left of it.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    mail::Mail,
    ports::{PortError, PortResult},
};

use super::{from_json, parse, parse_optional, text, to_json, unreadable, written};

/// Row of `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: Option<String>,
    pub kind: String,
    pub address: String,
    pub letter: Option<String>,
    pub state: String,
    pub tries: i64,
    pub next_at: Option<i64>,
    pub answer: Option<String>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Mail> for Model {
    type Error = PortError;

    fn try_from(mail: &Mail) -> PortResult<Self> {
        Ok(Self {
            id: mail.id.to_string(),
            workspace_id: written(mail.workspace),
            kind: mail.letter.name().to_owned(),
            address: text(&mail.to).into_owned(),
            letter: Some(to_json(&mail.letter)?),
            state: "waiting".to_owned(),
            tries: 0,
            next_at: Some(mail.created_at.as_millis()),
            answer: None,
            created_at: mail.created_at.as_millis(),
            ended_at: None,
        })
    }
}

impl TryFrom<Model> for Mail {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        let letter = row.letter.ok_or_else(|| unreadable("letter", "that is gone"))?;
        Ok(Self {
            id: parse("mail id", &row.id)?,
            workspace: parse_optional("workspace id", row.workspace_id.as_deref())?,
            to: row.address,
            // the text itself holds secrets and must not stand in an error
            letter: from_json("letter", &letter).map_err(|_| unreadable("letter", &row.kind))?,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
