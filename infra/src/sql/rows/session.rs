//! A session.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    ports::PortResult,
    sessions::{Proxy, Session, SessionKey, State},
};

use super::{from_json, optional_text, parse, signed, text, to_json, unreadable, unsigned};
use crate::{
    seal::{DataKey, Place},
    sql::{data_keys::DataKeys, error::internal},
};

/// Row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub name: String,
    pub state: String,
    pub reason: Option<String>,
    pub wanted: bool,
    pub pn: Option<String>,
    pub lid: Option<String>,
    pub push_name: Option<String>,
    pub epoch: i64,
    pub owner: Option<String>,
    pub recent_events: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub pacing: String,
    pub linked_at: Option<i64>,
    pub data_key: Option<String>,
    pub proxy: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of a session whose store is sealed with a key.
    pub(in crate::sql) fn of(session: &Session, key: &DataKey) -> PortResult<Self> {
        Ok(Self {
            id: session.id.to_string(),
            workspace_id: session.workspace.to_string(),
            name: text(&session.name).into_owned(),
            state: session.state.name().to_owned(),
            reason: session.reason.as_ref().map(to_json).transpose()?,
            wanted: session.wanted,
            pn: optional_text(session.pn.as_deref()),
            lid: optional_text(session.lid.as_deref()),
            push_name: optional_text(session.push_name.as_deref()),
            epoch: signed(session.epoch),
            owner: None,
            recent_events: "[]".to_owned(),
            created_at: session.created_at.as_millis(),
            updated_at: session.updated_at.as_millis(),
            pacing: to_json(&session.pacing)?,
            linked_at: session.linked_at.map(Timestamp::as_millis),
            data_key: Some(key.id().to_string()),
            proxy: session.proxy.as_ref().map(|proxy| seal(key, session.key(), proxy)).transpose()?,
        })
    }
}

/// The place of a session's proxy.
pub(in crate::sql) fn place(session: SessionKey) -> Place {
    Place::new(session.workspace, "sessions", "proxy", [session.id.to_string()])
}

/// A proxy as it is written.
pub(in crate::sql) fn seal(key: &DataKey, session: SessionKey, proxy: &Proxy) -> PortResult<Vec<u8>> {
    key.seal(&place(session), to_json(proxy)?.as_bytes()).map_err(internal)
}

impl Model {
    /// The session.
    pub(in crate::sql) async fn read(
        self,
        keys: &DataKeys,
        on: &impl ConnectionTrait,
    ) -> PortResult<Session> {
        let (row, state) = (&self, self.state()?);
        let (id, workspace) = (parse("session id", &row.id)?, parse("workspace id", &row.workspace_id)?);
        let proxy = match &row.proxy {
            Some(sealed) => {
                let plain = keys.open(on, &place(SessionKey { workspace, id }), sealed).await?;
                Some(from_json("proxy", &String::from_utf8(plain).map_err(internal)?)?)
            }
            None => None,
        };
        let row = self;
        Ok(Session {
            id,
            workspace,
            name: row.name,
            state,
            reason: row.reason.as_deref().map(|reason| from_json("reason", reason)).transpose()?,
            wanted: row.wanted,
            pn: row.pn,
            lid: row.lid,
            push_name: row.push_name,
            epoch: unsigned(row.epoch),
            pacing: from_json("pacing", &row.pacing)?,
            proxy,
            linked_at: row.linked_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

impl Model {
    /// Where the session stands.
    pub(in crate::sql) fn state(&self) -> PortResult<State> {
        State::from_name(&self.state).ok_or_else(|| unreadable("session state", &self.state))
    }
}
