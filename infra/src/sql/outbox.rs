//! The outbox of mail.

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType},
};
use wagate_domain::{
    MailId, Timestamp,
    mail::{Mail, Outcome},
    ports::{MailQueue, Outbox, Outgoing, PortResult},
};

use super::{
    Database,
    error::sql_error,
    rows::{
        mail::{Column, Entity, Model},
        text,
    },
};
use crate::seal::Ring;

/// State of a mail that can be read in the mailbox.
const KEPT: &str = "kept";

/// Puts a mail in as a part of something else.
pub(super) async fn insert_mail(tx: &impl ConnectionTrait, ring: &Ring, mail: &Mail) -> PortResult<()> {
    let row = Model::of(mail, ring)?.into_active_model();
    Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx).await.map_err(sql_error)?;
    Ok(())
}

#[async_trait]
impl Outbox for Database {
    async fn put(&self, mail: &Mail) -> PortResult<()> {
        let tx = self.begin().await?;
        insert_mail(&tx, self.keys().ring(), mail).await?;
        tx.commit().await.map_err(sql_error)
    }
}

/// Mails that are due, the longest due first.
fn due(now: Timestamp) -> Select<Entity> {
    Entity::find()
        .filter(Column::NextAt.lte(now.as_millis()))
        .order_by_asc(Column::NextAt)
        .order_by_asc(Column::Id)
}

#[async_trait]
impl MailQueue for Database {
    async fn take(&self, now: Timestamp, held: Timestamp, limit: u32) -> PortResult<Vec<Outgoing>> {
        // asked every second, and there is hardly ever anything: writers are not to wait for that
        if due(now).one(self.read()).await.map_err(sql_error)?.is_none() {
            return Ok(Vec::new());
        }
        let tx = self.begin().await?;
        let mut found = due(now).limit(u64::from(limit));
        if self.is_postgres() {
            found = found.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        }
        let rows = found.all(&tx).await.map_err(sql_error)?;
        Entity::update_many()
            .col_expr(Column::NextAt, Expr::value(held.as_millis()))
            .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
            .filter(Column::Id.is_in(rows.iter().map(|row| row.id.clone())))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(rows.into_iter().filter_map(|row| outgoing(self.keys().ring(), row)).collect())
    }

    async fn settle(&self, outgoing: &Outgoing, outcome: &Outcome, now: Timestamp) -> PortResult<bool> {
        let (next_at, answer) = match outcome {
            Outcome::Sent { answer } | Outcome::Failed { answer } => (None, Some(answer)),
            Outcome::Later { answer, at } => (Some(at.as_millis()), Some(answer)),
            Outcome::Kept => (None, None),
        };
        let ended_at = next_at.is_none().then_some(now.as_millis());
        let tx = self.begin().await?;
        let mut change = Entity::update_many()
            .col_expr(Column::State, Expr::value(outcome.name()))
            .col_expr(Column::NextAt, Expr::value(next_at))
            .col_expr(Column::Answer, Expr::value(answer.map(|answer| text(answer).into_owned())))
            .col_expr(Column::EndedAt, Expr::value(ended_at))
            .filter(Column::Id.eq(outgoing.mail.id.to_string()))
            .filter(Column::NextAt.is_not_null())
            .filter(Column::Tries.eq(i64::from(outgoing.tries)));
        if matches!(outcome, Outcome::Sent { .. } | Outcome::Failed { .. }) {
            change = change.col_expr(Column::Letter, Expr::value(None::<String>));
        }
        let done = change.exec(&tx).await.map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(done.rows_affected > 0)
    }

    async fn forget(&self, before: Timestamp, limit: u32) -> PortResult<u64> {
        let old: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::EndedAt.lt(before.as_millis()))
            .order_by_asc(Column::EndedAt)
            .limit(u64::from(limit))
            .into_tuple()
            .all(self.read())
            .await
            .map_err(sql_error)?;
        if old.is_empty() {
            return Ok(0);
        }
        let tx = self.begin().await?;
        let gone = Entity::delete_many().filter(Column::Id.is_in(old)).exec(&tx).await.map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(gone.rows_affected)
    }

    async fn kept(&self, limit: u32) -> PortResult<Vec<Mail>> {
        let rows = Entity::find()
            .filter(Column::State.eq(KEPT))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(u64::from(limit))
            .all(self.read())
            .await
            .map_err(sql_error)?;
        rows.into_iter().map(|row| row.read(self.keys().ring())).collect()
    }

    async fn kept_one(&self, id: MailId) -> PortResult<Option<Mail>> {
        let kept = Entity::find_by_id(id.to_string()).filter(Column::State.eq(KEPT));
        let row = kept.one(self.read()).await.map_err(sql_error)?;
        row.map(|row| row.read(self.keys().ring())).transpose()
    }
}

/// A row that was taken. One that a newer version wrote must not hold up the others: it is due again later.
fn outgoing(ring: &Ring, row: Model) -> Option<Outgoing> {
    let tries = u32::try_from(row.tries.saturating_add(1)).unwrap_or(u32::MAX);
    match row.read(ring) {
        Ok(mail) => Some(Outgoing { mail, tries }),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a mail cannot be read");
            None
        }
    }
}
