//! An API key, without its secret.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    auth::ApiKey,
    ports::{PortError, PortResult},
};

use super::{parse, text};

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
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&ApiKey> for Model {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            workspace_id: key.workspace.to_string(),
            name: text(&key.name).into_owned(),
            prefix: key.prefix.clone(),
            hash: key.hash.clone(),
            created_at: key.created_at.as_millis(),
            revoked_at: key.revoked_at.map(Timestamp::as_millis),
        }
    }
}

impl TryFrom<Model> for ApiKey {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        Ok(Self {
            id: parse("key id", &row.id)?,
            workspace: parse("workspace id", &row.workspace_id)?,
            name: row.name,
            prefix: row.prefix,
            hash: row.hash,
            created_at: Timestamp::from_millis(row.created_at),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
        })
    }
}
