//! A mail on its way, or what is left of it.

use sea_orm::entity::prelude::*;
use wagate_domain::{Timestamp, mail::Mail, ports::PortResult};

use super::{from_json, parse, parse_optional, text, to_json, unreadable, written};
use crate::{seal::Ring, sql::ring_values::LETTER};

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

impl Model {
    /// The row of a mail that waits; the letter, which may hold a secret link, is sealed.
    pub(in crate::sql) fn of(mail: &Mail, ring: &Ring) -> PortResult<Self> {
        let id = mail.id.to_string();
        let letter = LETTER.seal(ring, &id, &to_json(&mail.letter)?);
        Ok(Self {
            id,
            workspace_id: written(mail.workspace),
            kind: mail.letter.name().to_owned(),
            address: text(&mail.to).into_owned(),
            letter: Some(letter),
            state: "waiting".to_owned(),
            tries: 0,
            next_at: Some(mail.created_at.as_millis()),
            answer: None,
            created_at: mail.created_at.as_millis(),
            ended_at: None,
        })
    }

    /// The mail.
    pub(in crate::sql) fn read(self, ring: &Ring) -> PortResult<Mail> {
        let sealed = self.letter.ok_or_else(|| unreadable("letter", "that is gone"))?;
        let letter = LETTER.open(ring, &self.id, &sealed)?;
        Ok(Mail {
            id: parse("mail id", &self.id)?,
            workspace: parse_optional("workspace id", self.workspace_id.as_deref())?,
            to: self.address,
            // the text itself holds secrets and must not stand in an error
            letter: from_json("letter", &letter).map_err(|_| unreadable("letter", &self.kind))?,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}
