//! Messages on their way: sent ones kept for retries, received ones kept until they are handed on.

use std::collections::BTreeMap;

use sea_orm::{
    ConnectionTrait, ExprTrait, Value,
    sea_query::{Expr, Order, Query},
};
use wagate_domain::ports::PortResult;

use super::{
    WaStore, column, key, now_secs,
    table::{Row, Table, scope},
};
use crate::sql::error::{internal, sql_error};

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
pub(super) const TAKEN_INBOUND: Table =
    Table { name: "wa_taken_inbound", key: PENDING_INBOUND.key, sealed: &[], values: &["taken_secs"] };

/// How long it is known of a received message that it was handed on. One that comes again later, for its acknowledgement
/// got lost, is only asked for without need.
const KNOWN_SECS: i64 = 24 * 60 * 60;

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
        self.delete_before(SENT_MESSAGES, "stored_secs", cutoff_secs).await
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

    /// Forgets received messages that were handed on, and remembers that they were.
    pub async fn take_pending_inbound<'a>(
        &self,
        places: impl IntoIterator<Item = PendingInbound<'a>>,
    ) -> PortResult<()> {
        let keys = places.into_iter().map(|place| place.key()).collect();
        let backend = self.db.read().get_database_backend();
        let known = ["workspace_id", "session_id"].into_iter().chain(TAKEN_INBOUND.key.iter().copied());
        let mut statements = Vec::new();
        for these in PENDING_INBOUND.these(keys) {
            let mut taken = Query::select();
            taken.columns(known.clone()).expr(Expr::value(now_secs())).from(PENDING_INBOUND.name);
            taken.and_where(scope(self.session)).cond_where(these.clone());
            let mut note = Query::insert();
            let columns = known.clone().chain(TAKEN_INBOUND.values.iter().copied());
            note.into_table(TAKEN_INBOUND.name).columns(columns).select_from(taken).map_err(internal)?;
            note.on_conflict(TAKEN_INBOUND.on_key().do_nothing().to_owned());
            let mut forget = PENDING_INBOUND.delete(self.session);
            forget.cond_where(these);
            statements.extend([backend.build(&note), backend.build(&forget)]);
        }
        self.run_built(statements).await.map(drop)
    }

    /// Whether a received message was handed on, as far as that is remembered.
    pub async fn is_taken(&self, place: PendingInbound<'_>) -> PortResult<bool> {
        let find = TAKEN_INBOUND.find(self.session, TAKEN_INBOUND.values, place.key());
        Ok(!self.rows(&find).await?.is_empty())
    }

    /// Forgets received messages kept before `cutoff_secs`, and which were handed on long ago; returns how many were kept.
    pub async fn delete_expired_pending_inbound(&self, cutoff_secs: i64) -> PortResult<u32> {
        self.delete_before(TAKEN_INBOUND, "taken_secs", now_secs() - KNOWN_SECS).await?;
        self.delete_before(PENDING_INBOUND, "stored_secs", cutoff_secs).await
    }

    async fn delete_before(&self, table: Table, time: &'static str, cutoff_secs: i64) -> PortResult<u32> {
        let mut delete = table.delete(self.session);
        delete.and_where(Expr::col(time).lt(cutoff_secs));
        self.delete(vec![delete]).await
    }
}
