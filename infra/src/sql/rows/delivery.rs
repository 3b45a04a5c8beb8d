//! One event on its way to one webhook.

use sea_orm::entity::prelude::*;
use wagate_domain::{
    Timestamp,
    events::EventKind,
    ports::{PortError, PortResult},
    webhooks::{Delivery, DeliveryState},
};

use super::{from_json, parse, parse_optional, signed, text, to_json, unreadable, unsigned, written};

/// Row of `webhook_deliveries`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub webhook_id: String,
    pub event_id: String,
    pub event_seq: i64,
    pub event_type: String,
    pub session_id: Option<String>,
    pub chat: String,
    pub state: String,
    pub next_at: Option<i64>,
    pub tries: i64,
    pub last_ms: Option<i64>,
    pub attempts: String,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Delivery> for Model {
    type Error = PortError;

    fn try_from(delivery: &Delivery) -> PortResult<Self> {
        Ok(Self {
            id: delivery.id.to_string(),
            workspace_id: delivery.workspace.to_string(),
            webhook_id: delivery.webhook.to_string(),
            event_id: delivery.event.to_string(),
            event_seq: signed(delivery.seq),
            event_type: delivery.kind.name().to_owned(),
            session_id: written(delivery.session),
            chat: delivery.order.clone(),
            state: delivery.state.name().to_owned(),
            next_at: delivery.next_at.map(Timestamp::as_millis),
            tries: i64::from(delivery.tries),
            last_ms: delivery.attempts.last().map(|attempt| i64::from(attempt.ms)),
            attempts: text(&to_json(&delivery.attempts)?).into_owned(),
            created_at: delivery.created_at.as_millis(),
            ended_at: delivery.ended_at.map(Timestamp::as_millis),
        })
    }
}

impl TryFrom<Model> for Delivery {
    type Error = PortError;

    fn try_from(row: Model) -> PortResult<Self> {
        let state = DeliveryState::from_name(&row.state);
        let kind = EventKind::from_name(&row.event_type);
        Ok(Self {
            id: parse("delivery id", &row.id)?,
            workspace: parse("workspace id", &row.workspace_id)?,
            webhook: parse("webhook id", &row.webhook_id)?,
            event: parse("event id", &row.event_id)?,
            seq: unsigned(row.event_seq),
            kind: kind.ok_or_else(|| unreadable("event type", &row.event_type))?,
            session: parse_optional("session id", row.session_id.as_deref())?,
            order: row.chat,
            state: state.ok_or_else(|| unreadable("delivery state", &row.state))?,
            next_at: row.next_at.map(Timestamp::from_millis),
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            attempts: from_json("attempts", &row.attempts)?,
            created_at: Timestamp::from_millis(row.created_at),
            ended_at: row.ended_at.map(Timestamp::from_millis),
        })
    }
}
