//! Privacy tokens: what contacts gave us, and when we gave ours.

use std::time::{Duration, Instant};

use sea_orm::{
    ExprTrait,
    sea_query::{Expr, OnConflict, SimpleExpr},
};
use wagate_domain::ports::PortResult;

use super::{
    WaStore, bytes, column, key,
    table::{Row, Table},
};
use crate::memory::Memory;

pub(super) const TC_TOKENS: Table =
    Table { name: "wa_tc_tokens", key: &["jid"], sealed: &["token"], values: &["token_secs", "sender_secs"] };

/// Contacts whose tokens are remembered.
const REMEMBERED: usize = 512;

/// Tokens that were read. Only the session's owner changes them, through the one store that it has, so what was read
/// stays true until then.
pub(super) type Tokens = Memory<String, Option<TcToken>>;

/// Nothing read yet.
pub(super) fn unread() -> Tokens {
    Memory::new(Duration::MAX, REMEMBERED)
}

/// The privacy token of one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcToken {
    /// The token; empty when only ours was given.
    pub token: Vec<u8>,
    /// When it was received.
    pub token_secs: i64,
    /// When ours was last given.
    pub sender_secs: Option<i64>,
}

/// Privacy tokens. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// The token of a contact; every message to a person asks for it.
    pub async fn tc_token(&self, jid: &str) -> PortResult<Option<TcToken>> {
        let forgotten = match self.tokens.recall(jid) {
            Ok(known) => return Ok(known),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let columns = ["token", "token_secs", "sender_secs"];
        let token = match self.row(&TC_TOKENS.find(self.session, &columns, vec![key(jid)])).await? {
            Some(row) => Some(TcToken {
                token: self.opened(TC_TOKENS, "token", &[key(jid)], &row).await?,
                token_secs: column(&row, "token_secs")?,
                sender_secs: column(&row, "sender_secs")?,
            }),
            None => None,
        };
        self.tokens.keep(jid.to_owned(), asked, forgotten, token.clone());
        Ok(token)
    }

    /// Stores the token of a contact, whatever was there.
    pub async fn put_tc_token(&self, jid: &str, token: &TcToken) -> PortResult<()> {
        let done = self.upsert(TC_TOKENS, vec![row(jid, token)]).await;
        self.tokens.forget();
        done
    }

    /// Forgets the token of a contact.
    pub async fn delete_tc_token(&self, jid: &str) -> PortResult<()> {
        let done = self.delete_key(TC_TOKENS, vec![key(jid)]).await;
        self.tokens.forget();
        done
    }

    /// Every contact with a token.
    pub async fn tc_token_jids(&self) -> PortResult<Vec<String>> {
        let rows = self.rows(&TC_TOKENS.select(self.session, &["jid"])).await?;
        rows.iter().map(|row| column(row, "jid")).collect()
    }

    /// Forgets tokens of which both sides are older than their cutoff or absent; returns how many.
    pub async fn delete_expired_tc_tokens(&self, token_cutoff: i64, sender_cutoff: i64) -> PortResult<u32> {
        // an empty one hides nothing and is empty on record, too
        let token_is_gone = Expr::col("token").eq(bytes(&[])).or(Expr::col("token_secs").lt(token_cutoff));
        let sender_is_gone =
            Expr::col("sender_secs").is_null().or(Expr::col("sender_secs").lt(sender_cutoff));
        let mut delete = TC_TOKENS.delete(self.session);
        delete.and_where(token_is_gone).and_where(sender_is_gone);
        let done = self.delete(vec![delete]).await;
        self.tokens.forget();
        done
    }

    /// Notes when our token was given: forward only, keeps what the contact gave.
    pub async fn touch_tc_token(&self, jid: &str, sender_secs: i64) -> PortResult<()> {
        let forward = case(
            stored("sender_secs").is_null().or(stored("sender_secs").lt(given("sender_secs"))),
            given("sender_secs"),
            stored("sender_secs"),
        );
        let mut conflict = TC_TOKENS.on_key();
        conflict.value("sender_secs", forward);
        let ours = TcToken { token: Vec::new(), token_secs: sender_secs, sender_secs: Some(sender_secs) };
        self.merge_tc_token(jid, &ours, conflict).await
    }

    /// Stores a token that a contact gave unless a newer one is there; keeps when ours was given.
    pub async fn receive_tc_token(&self, jid: &str, token: &[u8], token_secs: i64) -> PortResult<()> {
        let is_news = || stored("token").eq(bytes(&[])).or(stored("token_secs").lte(given("token_secs")));
        let mut conflict = TC_TOKENS.on_key();
        conflict
            .value("token", case(is_news(), given("token"), stored("token")))
            .value("token_secs", case(is_news(), given("token_secs"), stored("token_secs")));
        let theirs = TcToken { token: token.to_vec(), token_secs, sender_secs: None };
        self.merge_tc_token(jid, &theirs, conflict).await
    }

    async fn merge_tc_token(&self, jid: &str, token: &TcToken, conflict: OnConflict) -> PortResult<()> {
        let done = self.merge(TC_TOKENS, vec![row(jid, token)], conflict).await;
        self.tokens.forget();
        done
    }
}

fn row(jid: &str, token: &TcToken) -> Row {
    let values = vec![token.token_secs.into(), token.sender_secs.into()];
    Row { values, ..Row::record(vec![key(jid)], &token.token) }
}

/// The column as it is on record.
fn stored(column: &'static str) -> SimpleExpr {
    Expr::col((TC_TOKENS.name, column))
}

/// The column of the row that met one on record.
fn given(column: &'static str) -> SimpleExpr {
    Expr::col(("excluded", column))
}

fn case(condition: SimpleExpr, then: SimpleExpr, otherwise: SimpleExpr) -> SimpleExpr {
    Expr::case(condition, then).finally(otherwise).into()
}
