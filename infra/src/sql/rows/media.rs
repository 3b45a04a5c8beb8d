//! A media object.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    media::{Media, MediaState},
    ports::{PortError, PortResult},
};

use super::{
    from_json, optional_text, parse, parse_optional, signed, text, to_json, unreadable, unsigned, written,
};

/// Row of `media`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub session_id: Option<String>,
    pub message_id: Option<String>,
    pub state: String,
    pub mime: String,
    pub size: i64,
    pub sha256: Option<String>,
    pub file_name: Option<String>,
    pub locator: Option<String>,
    pub created_at: i64,
    pub staged_with: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Media> for Model {
    type Error = PortError;

    fn try_from(media: &Media) -> PortResult<Self> {
        Ok(Self {
            id: media.id.to_string(),
            workspace_id: media.workspace.to_string(),
            session_id: written(media.session),
            message_id: written(media.message),
            state: media.state.name().to_owned(),
            mime: text(&media.mime).into_owned(),
            size: signed(media.size),
            sha256: optional_text(media.sha256.as_deref()),
            file_name: optional_text(media.file_name.as_deref()),
            locator: media.locator.as_ref().map(to_json).transpose()?,
            created_at: media.created_at.as_millis(),
            staged_with: written(media.staged_with),
        })
    }
}

impl TryFrom<Model> for Media {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        Ok(Self {
            id: parse("media id", &row.id)?,
            workspace: parse("workspace id", &row.workspace_id)?,
            session: parse_optional("session id", row.session_id.as_deref())?,
            message: parse_optional("message id", row.message_id.as_deref())?,
            staged_with: parse_optional("key id", row.staged_with.as_deref())?,
            state: MediaState::from_name(&row.state).ok_or_else(|| unreadable("media state", &row.state))?,
            mime: row.mime,
            size: unsigned(row.size),
            sha256: row.sha256,
            file_name: row.file_name,
            locator: row.locator.as_deref().map(|locator| from_json("locator", locator)).transpose()?,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
