//! Writes what a batch of events changed.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    Iterable, QueryFilter, Statement,
    sea_query::{Expr, IntoIden, OnConflict},
};
use wagate_domain::{messages::fold, ports::PortResult};

use super::{contacts::Merge, record::Record, store_chats, tracked::Tracked};
use crate::sql::{
    error::sql_error,
    rows::{contact, mark, media, message, session},
    words,
};

/// Parameters of one statement, well below what either database takes.
const PARAMETERS: usize = 10_000;

/// A message that both chats have was told of when either was.
const TELL_TWINS: &str = "UPDATE messages SET past = FALSE
    WHERE chat_key = $2 AND workspace_id = $3 AND past AND EXISTS (
    SELECT 1 FROM messages AS gone
    WHERE gone.session_id = messages.session_id AND gone.stanza_id = messages.stanza_id
        AND gone.direction = messages.direction AND gone.chat_key = $1 AND NOT gone.past)";
/// It is dropped from the one that goes.
const DROP_TWINS: &str = "DELETE FROM messages WHERE chat_key = $1 AND workspace_id = $3 AND EXISTS (
    SELECT 1 FROM messages AS kept
    WHERE kept.session_id = messages.session_id AND kept.stanza_id = messages.stanza_id
        AND kept.direction = messages.direction AND kept.chat_key = $2)";
const MOVE_MESSAGES: &str = "UPDATE messages SET chat_key = $2 WHERE chat_key = $1 AND workspace_id = $3";
const MOVE_SIGNPOSTS: &str =
    "UPDATE contacts SET merged_into = $2 WHERE merged_into = $1 AND workspace_id = $3";

/// Writes every new and changed row.
pub(super) async fn store(tx: &DatabaseTransaction, record: &Record) -> PortResult<()> {
    store_contacts(tx, record).await?;
    store_messages(tx, record).await?;
    store_media(tx, record).await?;
    store_sessions(tx, record).await?;
    store_chats::store(tx, &record.chats).await?;
    let marks = record.marks.rows()?;
    upsert(tx, marks, mark::Column::SessionId, &[mark::Column::At, mark::Column::Events]).await
}

async fn store_contacts(tx: &DatabaseTransaction, record: &Record) -> PortResult<()> {
    use contact::Column as C;
    let changed: Vec<contact::Model> =
        record.contacts.rows().filter_map(Tracked::if_changed).map(findable).collect();
    let new: Vec<contact::Model> = record.contacts.rows().filter_map(Tracked::if_new).map(findable).collect();
    let ids: Vec<String> = changed.iter().map(|row| row.id.clone()).collect();
    for chunk in ids.chunks(PARAMETERS) {
        // numbers are handed on within a batch: all are put down before any is taken up
        contact::Entity::update_many()
            .col_expr(C::Pn, Expr::value(None::<String>))
            .col_expr(C::Lid, Expr::value(None::<String>))
            .filter(C::Id.is_in(chunk.iter().cloned()))
            .exec(tx)
            .await
            .map_err(sql_error)?;
    }
    let written = [C::Pn, C::Lid, C::PushName, C::MergedInto, C::UpdatedAt, C::NameKey];
    upsert(tx, changed, C::Id, &written).await?;
    upsert(tx, new, C::Id, &written).await?;
    for (done, Merge { from, into }) in record.contacts.merges().iter().enumerate() {
        store_chats::read(tx, &record.chats, done).await?;
        let workspace = record.contacts.workspace_of(into);
        for sql in [TELL_TWINS, DROP_TWINS, MOVE_MESSAGES, MOVE_SIGNPOSTS] {
            let values = [from.into(), into.into(), workspace.into()];
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
            tx.execute_raw(statement).await.map_err(sql_error)?;
        }
    }
    store_chats::read(tx, &record.chats, record.contacts.merges().len()).await
}

/// A contact as it is written: to be found by its name.
fn findable(row: &contact::Model) -> contact::Model {
    contact::Model { name_key: row.push_name.as_deref().map(fold), ..row.clone() }
}

async fn store_messages(tx: &DatabaseTransaction, record: &Record) -> PortResult<()> {
    use message::Column as C;
    let new: Vec<message::Model> = record.messages.rows().filter_map(Tracked::if_new).cloned().collect();
    let changed: Vec<message::Model> =
        record.messages.rows().filter_map(Tracked::if_changed).cloned().collect();
    insert_missing(tx, new).await?;
    let written = [
        C::Status,
        C::Failure,
        C::Times,
        C::Content,
        C::Priority,
        C::SendAt,
        C::ExpiresAt,
        C::Revision,
        C::Unread,
        C::Offline,
        C::Past,
    ];
    upsert(tx, changed, C::Id, &written).await?;
    words::store(tx, record.messages.with_new_content()).await
}

async fn store_media(tx: &DatabaseTransaction, record: &Record) -> PortResult<()> {
    use media::Column as C;
    let new: Vec<media::Model> = record.media.values().filter_map(Tracked::if_new).cloned().collect();
    let changed: Vec<media::Model> = record.media.values().filter_map(Tracked::if_changed).cloned().collect();
    insert_missing(tx, new).await?;
    upsert(tx, changed, C::Id, &[C::State, C::Size, C::Sha256]).await
}

async fn store_sessions(tx: &DatabaseTransaction, record: &Record) -> PortResult<()> {
    use session::Column as C;
    for row in record.sessions.values().filter_map(Tracked::if_changed) {
        // an update, not an upsert: a session that was deleted meanwhile stays deleted
        session::Entity::update_many()
            .col_expr(C::State, Expr::value(row.state.clone()))
            .col_expr(C::Reason, Expr::value(row.reason.clone()))
            .col_expr(C::Pn, Expr::value(row.pn.clone()))
            .col_expr(C::Lid, Expr::value(row.lid.clone()))
            .col_expr(C::PushName, Expr::value(row.push_name.clone()))
            .col_expr(C::LinkedAt, Expr::value(row.linked_at))
            .col_expr(C::RecentEvents, Expr::value(row.recent_events.clone()))
            .col_expr(C::UpdatedAt, Expr::value(row.updated_at))
            .filter(C::Id.eq(row.id.clone()))
            .exec(tx)
            .await
            .map_err(sql_error)?;
    }
    Ok(())
}

/// Inserts rows; one that breaks any uniqueness is on record already.
pub(super) async fn insert_missing<M, A>(tx: &DatabaseTransaction, rows: Vec<M>) -> PortResult<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let mut nothing = OnConflict::new();
    nothing.do_nothing();
    write(tx, rows, &nothing).await
}

/// Inserts rows; where the key exists, rewrites `columns`.
pub(in crate::sql) async fn upsert<M, A, C>(
    tx: &DatabaseTransaction,
    rows: Vec<M>,
    key: C,
    columns: &[C],
) -> PortResult<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
    C: IntoIden + Copy,
{
    let mut rewrite = OnConflict::column(key);
    rewrite.update_columns(columns.iter().copied());
    write(tx, rows, &rewrite).await
}

pub(super) async fn write<M, A>(
    tx: &DatabaseTransaction,
    rows: Vec<M>,
    on_conflict: &OnConflict,
) -> PortResult<()>
where
    M: IntoActiveModel<A>,
    A: ActiveModelTrait,
{
    let width = <A::Entity as EntityTrait>::Column::iter().count().max(1);
    let mut left = rows.into_iter().map(IntoActiveModel::into_active_model);
    while left.len() > 0 {
        let models: Vec<A> = left.by_ref().take(PARAMETERS / width).collect();
        let insert = <A::Entity as EntityTrait>::insert_many::<A, _>(models).on_conflict(on_conflict.clone());
        insert.exec_without_returning(tx).await.map_err(sql_error)?;
    }
    Ok(())
}
