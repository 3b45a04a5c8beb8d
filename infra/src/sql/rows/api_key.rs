//! An API key, without its secret.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    auth::{ApiKey, Networks, OldSecret, Permissions},
    ports::{PortError, PortResult},
};

use super::{parse, parse_optional, text, unreadable};

/// Row of `api_keys`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub name: String,
    pub prefix: String,
    pub hash: String,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    pub scopes: String,
    pub sessions: Option<String>,
    pub addresses: String,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub last_used_from: Option<String>,
    pub old_hash: Option<String>,
    pub old_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&ApiKey> for Model {
    fn from(key: &ApiKey) -> Self {
        let words = |words: Vec<String>| words.join(" ");
        Self {
            id: key.id.to_string(),
            workspace_id: key.workspace.to_string(),
            name: text(&key.name).into_owned(),
            prefix: key.prefix.clone(),
            hash: key.hash.clone(),
            created_at: key.created_at.as_millis(),
            revoked_at: key.revoked_at.map(Timestamp::as_millis),
            scopes: key.scopes.names().join(" "),
            sessions: key.sessions.as_ref().map(|ids| words(ids.iter().map(ToString::to_string).collect())),
            addresses: words(key.addresses.texts()),
            expires_at: key.expires_at.map(Timestamp::as_millis),
            last_used_at: key.last_used_at.map(Timestamp::as_millis),
            last_used_from: key.last_used_from.map(|address| address.to_string()),
            old_hash: key.before.as_ref().map(|before| before.hash.clone()),
            old_until: key.before.as_ref().map(|before| before.until.as_millis()),
        }
    }
}

impl TryFrom<Model> for ApiKey {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        let at = Timestamp::from_millis;
        let sessions =
            row.sessions.map(|ids| ids.split_whitespace().map(|id| parse("session id", id)).collect());
        let before =
            row.old_hash.zip(row.old_until).map(|(hash, until)| OldSecret { hash, until: at(until) });
        Ok(Self {
            id: parse("key id", &row.id)?,
            workspace: parse("workspace id", &row.workspace_id)?,
            name: row.name,
            prefix: row.prefix,
            hash: row.hash,
            before,
            scopes: Permissions::read(row.scopes.split_whitespace())
                .map_err(|_| unreadable("scopes", &row.scopes))?,
            sessions: sessions.transpose()?,
            addresses: Networks::read("addresses", row.addresses.split_whitespace())
                .map_err(|_| unreadable("addresses", &row.addresses))?,
            expires_at: row.expires_at.map(at),
            last_used_at: row.last_used_at.map(at),
            last_used_from: parse_optional("address", row.last_used_from.as_deref())?,
            created_at: at(row.created_at),
            revoked_at: row.revoked_at.map(at),
        })
    }
}
