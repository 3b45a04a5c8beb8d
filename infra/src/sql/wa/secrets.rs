//! Secrets of messages, by which later reactions, votes and edits are opened.

use std::collections::BTreeMap;

use sea_orm::{
    ExprTrait,
    sea_query::{Expr, SimpleExpr},
};
use wagate_domain::ports::PortResult;

use super::{
    WaStore, column, key,
    table::{Row, Table},
};

pub(super) const MESSAGE_SECRETS: Table = Table {
    name: "wa_msg_secrets",
    key: &["chat", "sender", "message_id"],
    sealed: &["secret"],
    values: &["expires_secs", "parent_secs"],
};

/// The secret of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSecret<'a> {
    /// Chat of the message.
    pub chat: &'a str,
    /// Who sent it.
    pub sender: &'a str,
    /// WhatsApp's id.
    pub id: &'a str,
    /// The secret.
    pub secret: &'a [u8],
    /// When it may be forgotten; 0: never.
    pub expires_secs: i64,
    /// When the message was written; 0: unknown.
    pub parent_secs: i64,
}

/// Secrets of messages. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// Stores secrets. Where one is there already the new secret counts, the later deadline
    /// ("never" is the latest) and the later time of the message.
    pub async fn put_message_secrets(&self, secrets: &[MessageSecret<'_>]) -> PortResult<()> {
        // one statement must not name a key twice: what it would merge is merged here
        let mut merged: BTreeMap<(&str, &str, &str), MessageSecret<'_>> = BTreeMap::new();
        for secret in secrets {
            let place = (secret.chat, secret.sender, secret.id);
            let mut secret = secret.clone();
            if let Some(known) = merged.get(&place) {
                let never = known.expires_secs == 0 || secret.expires_secs == 0;
                secret.expires_secs =
                    if never { 0 } else { Ord::max(secret.expires_secs, known.expires_secs) };
                secret.parent_secs = Ord::max(secret.parent_secs, known.parent_secs);
            }
            merged.insert(place, secret);
        }
        let row = |((chat, sender, id), secret): ((&str, &str, &str), MessageSecret<'_>)| {
            let values = vec![secret.expires_secs.into(), secret.parent_secs.into()];
            Row { values, ..Row::record(vec![key(chat), key(sender), key(id)], secret.secret) }
        };
        let never = stored("expires_secs").eq(0).or(given("expires_secs").eq(0));
        let deadline = Expr::case(never, 0)
            .case(stored("expires_secs").gt(given("expires_secs")), stored("expires_secs"))
            .finally(given("expires_secs"));
        let written = Expr::case(stored("parent_secs").gt(given("parent_secs")), stored("parent_secs"))
            .finally(given("parent_secs"));
        let mut conflict = MESSAGE_SECRETS.on_key();
        conflict.update_column("secret").value("expires_secs", deadline).value("parent_secs", written);
        let rows = merged.into_iter().map(row).collect();
        self.merge(MESSAGE_SECRETS, rows, conflict).await
    }

    /// A secret and when its message was written (0: unknown).
    pub async fn message_secret(
        &self,
        chat: &str,
        sender: &str,
        id: &str,
    ) -> PortResult<Option<(Vec<u8>, i64)>> {
        let place = vec![key(chat), key(sender), key(id)];
        let find = MESSAGE_SECRETS.find(self.session, &["secret", "parent_secs"], place.clone());
        let Some(row) = self.row(&find).await? else { return Ok(None) };
        let secret = self.opened(MESSAGE_SECRETS, "secret", &place, &row).await?;
        Ok(Some((secret, column(&row, "parent_secs")?)))
    }

    /// Forgets secrets whose deadline is at or before `cutoff_secs`; returns how many.
    pub async fn delete_expired_message_secrets(&self, cutoff_secs: i64) -> PortResult<u32> {
        let mut delete = MESSAGE_SECRETS.delete(self.session);
        delete
            .and_where(Expr::col("expires_secs").ne(0))
            .and_where(Expr::col("expires_secs").lte(cutoff_secs));
        self.delete(vec![delete]).await
    }
}

/// The column as it is on record.
fn stored(column: &'static str) -> SimpleExpr {
    Expr::col((MESSAGE_SECRETS.name, column))
}

/// The column of the row that met one on record.
fn given(column: &'static str) -> SimpleExpr {
    Expr::col(("excluded", column))
}
