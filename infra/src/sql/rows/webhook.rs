//! A webhook.

use base64::{Engine, engine::general_purpose::STANDARD};
use sea_orm::{IdenStatic, entity::prelude::*};
use wagate_domain::{Timestamp, WorkspaceId, ports::PortResult, webhooks::Webhook};

use super::{from_json, optional_text, parse, parse_optional, signed, text, to_json, unsigned, written};
use crate::{
    seal::{DataKey, Place},
    sql::{data_keys::DataKeys, error::internal},
};

/// Row of `webhooks`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub session_id: Option<String>,
    pub url: String,
    pub description: Option<String>,
    pub events: String,
    pub headers: String,
    pub secrets: String,
    pub notify_email: Option<String>,
    pub enabled: bool,
    pub disabled_why: Option<String>,
    pub cursor: i64,
    pub failing_since: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub data_key: Option<String>,
    pub term: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Columns that are sealed: headers may carry a password.
pub(in crate::sql) const SEALED: [Column; 2] = [Column::Headers, Column::Secrets];

/// The place of a column of a webhook.
pub(in crate::sql) fn place(workspace: WorkspaceId, id: &str, column: Column) -> Place {
    Place::new(workspace, "webhooks", column.as_str(), [id])
}

/// A value as it is written.
pub(in crate::sql) fn seal(key: &DataKey, place: &Place, plain: &str) -> PortResult<String> {
    key.seal(place, plain.as_bytes()).map(|sealed| STANDARD.encode(sealed)).map_err(internal)
}

/// A value as it was before it was written.
pub(in crate::sql) async fn open(
    keys: &DataKeys,
    on: &impl ConnectionTrait,
    place: &Place,
    written: &str,
) -> PortResult<String> {
    let sealed = STANDARD.decode(written).map_err(internal)?;
    String::from_utf8(keys.open(on, place, &sealed).await?).map_err(internal)
}

impl Model {
    /// The row of a webhook whose secrets are sealed with a key.
    pub(in crate::sql) fn of(webhook: &Webhook, key: &DataKey) -> PortResult<Self> {
        let id = webhook.id.to_string();
        let sealed = |column, plain: String| seal(key, &place(webhook.workspace, &id, column), &plain);
        Ok(Self {
            workspace_id: webhook.workspace.to_string(),
            session_id: written(webhook.session),
            url: text(&webhook.url).into_owned(),
            description: optional_text(webhook.description.as_deref()),
            events: to_json(&webhook.events)?,
            headers: sealed(Column::Headers, to_json(&webhook.headers)?)?,
            secrets: sealed(Column::Secrets, to_json(&webhook.secrets)?)?,
            notify_email: optional_text(webhook.notify_email.as_deref()),
            enabled: webhook.enabled,
            disabled_why: webhook.disabled.as_ref().map(to_json).transpose()?,
            cursor: signed(webhook.cursor),
            failing_since: webhook.failing_since.map(Timestamp::as_millis),
            created_at: webhook.created_at.as_millis(),
            updated_at: webhook.updated_at.as_millis(),
            data_key: Some(key.id().to_string()),
            term: 0,
            id,
        })
    }

    /// The webhook.
    pub(in crate::sql) async fn read(
        self,
        keys: &DataKeys,
        on: &impl ConnectionTrait,
    ) -> PortResult<Webhook> {
        let workspace = parse("workspace id", &self.workspace_id)?;
        let headers = place(workspace, &self.id, Column::Headers);
        let secrets = place(workspace, &self.id, Column::Secrets);
        Ok(Webhook {
            id: parse("webhook id", &self.id)?,
            workspace,
            session: parse_optional("session id", self.session_id.as_deref())?,
            url: self.url,
            description: self.description,
            events: from_json("event filters", &self.events)?,
            headers: from_json("headers", &open(keys, on, &headers, &self.headers).await?)?,
            notify_email: self.notify_email,
            secrets: from_json("secrets of a webhook", &open(keys, on, &secrets, &self.secrets).await?)?,
            enabled: self.enabled,
            disabled: self.disabled_why.as_deref().map(|why| from_json("reason", why)).transpose()?,
            cursor: unsigned(self.cursor),
            failing_since: self.failing_since.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}
