//! A webhook.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    ports::{PortError, PortResult},
    webhooks::Webhook,
};

use super::{from_json, optional_text, parse, parse_optional, signed, text, to_json, unsigned, written};

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
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Webhook> for Model {
    type Error = PortError;

    fn try_from(webhook: &Webhook) -> PortResult<Self> {
        Ok(Self {
            id: webhook.id.to_string(),
            workspace_id: webhook.workspace.to_string(),
            session_id: written(webhook.session),
            url: text(&webhook.url).into_owned(),
            description: optional_text(webhook.description.as_deref()),
            events: to_json(&webhook.events)?,
            headers: to_json(&webhook.headers)?,
            secrets: to_json(&webhook.secrets)?,
            notify_email: optional_text(webhook.notify_email.as_deref()),
            enabled: webhook.enabled,
            disabled_why: webhook.disabled.as_ref().map(to_json).transpose()?,
            cursor: signed(webhook.cursor),
            failing_since: webhook.failing_since.map(Timestamp::as_millis),
            created_at: webhook.created_at.as_millis(),
            updated_at: webhook.updated_at.as_millis(),
        })
    }
}

impl TryFrom<Model> for Webhook {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        Ok(Self {
            id: parse("webhook id", &row.id)?,
            workspace: parse("workspace id", &row.workspace_id)?,
            session: parse_optional("session id", row.session_id.as_deref())?,
            url: row.url,
            description: row.description,
            events: from_json("event filters", &row.events)?,
            headers: from_json("headers", &row.headers)?,
            secrets: from_json("secrets of a webhook", &row.secrets)?,
            notify_email: row.notify_email,
            enabled: row.enabled,
            disabled: row.disabled_why.as_deref().map(|why| from_json("reason", why)).transpose()?,
            cursor: unsigned(row.cursor),
            failing_since: row.failing_since.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}
