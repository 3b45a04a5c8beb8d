//! Messages on their way: sent ones kept for retries, received ones kept until they are handed on.

use std::collections::BTreeMap;

use sea_orm::{
    ConnectionTrait, ExprTrait, Value,
    sea_query::{Expr, Order},
};
use wagate_domain::ports::PortResult;

use super::{
    WaStore, column, key, now_secs,
    table::{Row, Table},
};
use crate::sql::error::sql_error;

pub(super) const SENT_MESSAGES: Table = Table {
    name: "wa_sent_messages",
    key: &["chat", "message_id"],
    sealed: &["record"],
    values: &["stored_secs"],
};
pub(super) const PENDING_INBOUND: Table = Table {
    name: "wa_pending_inbound",
    key: &["chat", "sender", "message_id"],
    sealed: &["record"],
    values: &["stored_secs"],
};

/// Which received message; WhatsApp's ids are unique only within a chat and sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingInbound<'a> {
    /// Chat it came in.
    pub chat: &'a str,
    /// Who sent it.
    pub sender: &'a str,
    /// WhatsApp's id.
    pub id: &'a str,
}

impl PendingInbound<'_> {
    fn key(&self) -> Vec<Value> {
        vec![key(self.chat), key(self.sender), key(self.id)]
    }
}

/// Messages on their way. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// Keeps a sent message for a retry.
    pub async fn put_sent_message(&self, chat: &str, message_id: &str, payload: &[u8]) -> PortResult<()> {
        let row =
            Row { values: vec![now_secs().into()], ..Row::record(vec![key(chat), key(message_id)], payload) };
        self.upsert(SENT_MESSAGES, vec![row]).await
    }

    /// Takes a sent message out: of several takers one gets it.
    pub async fn take_sent_message(&self, chat: &str, message_id: &str) -> PortResult<Option<Vec<u8>>> {
        let place = vec![key(chat), key(message_id)];
        let (tx, _held) = self.begin().await?;
        let find = SENT_MESSAGES.find(self.session, &["record"], place.clone());
        let payload = match tx.query_one(&find).await.map_err(sql_error)? {
            Some(row) => Some(self.opened_on(&tx, SENT_MESSAGES, "record", &place, &row).await?),
            None => None,
        };
        for delete in SENT_MESSAGES.deletes(self.session, vec![place]) {
            tx.execute(&delete).await.map_err(sql_error)?;
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(payload)
    }

    /// Forgets sent messages kept before `cutoff_secs`; returns how many.
    pub async fn delete_expired_sent_messages(&self, cutoff_secs: i64) -> PortResult<u32> {
        self.delete_kept_before(SENT_MESSAGES, cutoff_secs).await
    }

    /// Keeps received messages until they are handed on; the last of one key counts.
    pub async fn put_pending_inbound<'a>(
        &self,
        messages: impl IntoIterator<Item = (PendingInbound<'a>, &'a [u8])>,
    ) -> PortResult<()> {
        let messages: BTreeMap<PendingInbound<'_>, &[u8]> = messages.into_iter().collect();
        let now = now_secs();
        let row = |(place, message): (PendingInbound<'_>, &[u8])| Row {
            values: vec![now.into()],
            ..Row::record(place.key(), message)
        };
        self.upsert(PENDING_INBOUND, messages.into_iter().map(row).collect()).await
    }

    /// A received message that was not handed on yet.
    pub async fn pending_inbound(&self, place: PendingInbound<'_>) -> PortResult<Option<Vec<u8>>> {
        self.record(PENDING_INBOUND, place.key()).await
    }

    /// Received messages that were not handed on yet, at most `limit`: who sent them, WhatsApp's id, the message.
    pub async fn all_pending_inbound(&self, limit: u64) -> PortResult<Vec<(String, String, Vec<u8>)>> {
        let mut select = PENDING_INBOUND.select(self.session, &["chat", "sender", "message_id", "record"]);
        select.order_by("stored_secs", Order::Asc).limit(limit);
        let mut found = Vec::new();
        for row in self.rows(&select).await? {
            let read = |name| column::<String>(&row, name);
            let (chat, sender, id) = (read("chat")?, read("sender")?, read("message_id")?);
            let place = [chat, sender.clone(), id.clone()].map(Value::from);
            found.push((sender, id, self.opened(PENDING_INBOUND, "record", &place, &row).await?));
        }
        Ok(found)
    }

    /// Forgets received messages that were handed on.
    pub async fn delete_pending_inbound<'a>(
        &self,
        places: impl IntoIterator<Item = PendingInbound<'a>>,
    ) -> PortResult<()> {
        let keys = places.into_iter().map(|place| place.key()).collect();
        self.delete(PENDING_INBOUND.deletes(self.session, keys)).await.map(drop)
    }

    /// Forgets received messages kept before `cutoff_secs`; returns how many.
    pub async fn delete_expired_pending_inbound(&self, cutoff_secs: i64) -> PortResult<u32> {
        self.delete_kept_before(PENDING_INBOUND, cutoff_secs).await
    }

    async fn delete_kept_before(&self, table: Table, cutoff_secs: i64) -> PortResult<u32> {
        let mut delete = table.delete(self.session);
        delete.and_where(Expr::col("stored_secs").lt(cutoff_secs));
        self.delete(vec![delete]).await
    }
}
