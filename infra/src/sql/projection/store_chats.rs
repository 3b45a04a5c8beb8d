//! Writes what a batch of events changed in chats.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, Statement, Value,
    sea_query::OnConflict,
};
use wagate_domain::ports::PortResult;

use super::{
    chats::{ChatBook, Place, REMEMBERED},
    store::{insert_missing, write},
};
use crate::sql::{
    error::sql_error,
    rows::{chat, chat_change},
};

const READ: &str = "UPDATE messages SET unread = FALSE
    WHERE workspace_id = $1 AND session_id = $2 AND chat_key = $3 AND unread";

/// Last message and unread count of a chat, from its messages; without any, its place in lists stays.
const RECOUNT: &str = "UPDATE chats SET
        last_message_id = (SELECT id FROM messages WHERE messages.workspace_id = chats.workspace_id
            AND messages.session_id = chats.session_id AND messages.chat_key = chats.chat_key
            AND messages.status IN ('sent', 'delivered', 'read', 'played', 'received')
            ORDER BY messages.at DESC, messages.id DESC LIMIT 1),
        at = COALESCE((SELECT messages.at FROM messages WHERE messages.workspace_id = chats.workspace_id
            AND messages.session_id = chats.session_id AND messages.chat_key = chats.chat_key
            AND messages.status IN ('sent', 'delivered', 'read', 'played', 'received')
            ORDER BY messages.at DESC, messages.id DESC LIMIT 1), chats.at),
        unread = (SELECT COUNT(*) FROM messages WHERE messages.workspace_id = chats.workspace_id
            AND messages.session_id = chats.session_id AND messages.chat_key = chats.chat_key
            AND messages.unread)
    WHERE session_id = $1 AND chat_key = $2";

/// Lets the messages on record count as read, in the chats that were read after so many merges.
pub(super) async fn read(tx: &DatabaseTransaction, book: &ChatBook, merges: usize) -> PortResult<()> {
    for read in book.read().iter().filter(|read| read.after_merges == merges) {
        let (session, chat_key) = read.place.clone();
        execute(tx, READ, [read.workspace.clone().into(), session.into(), chat_key.into()]).await?;
    }
    Ok(())
}

/// Writes chats, after the messages.
pub(super) async fn store(tx: &DatabaseTransaction, book: &ChatBook) -> PortResult<()> {
    use chat::Column as C;
    for (session, chat_key) in book.gone() {
        chat::Entity::delete_many()
            .filter(C::SessionId.eq(session.clone()))
            .filter(C::ChatKey.eq(chat_key.clone()))
            .exec(tx)
            .await
            .map_err(sql_error)?;
    }
    let rows: Vec<chat::Model> = book.written().cloned().collect();
    let mut rewrite = OnConflict::columns([C::SessionId, C::ChatKey]);
    rewrite.update_columns([
        C::Name,
        C::At,
        C::LastMessageId,
        C::Unread,
        C::MarkedUnread,
        C::Archived,
        C::Pinned,
        C::Muted,
        C::MutedUntil,
        C::Deleted,
        C::LeftGroup,
        C::ChangedAt,
    ]);
    write(tx, rows, &rewrite).await?;
    recount(tx, book.to_recount()).await?;
    remember(tx, book.news()).await
}

/// Counts chats anew from their messages.
pub(in crate::sql) async fn recount<'a>(
    tx: &DatabaseTransaction,
    chats: impl IntoIterator<Item = &'a Place>,
) -> PortResult<()> {
    for (session, chat_key) in chats {
        execute(tx, RECOUNT, [session.clone().into(), chat_key.clone().into()]).await?;
    }
    Ok(())
}

async fn remember(tx: &DatabaseTransaction, news: &[chat_change::Model]) -> PortResult<()> {
    use chat_change::Column as C;
    insert_missing(tx, news.to_vec()).await?;
    // once for each session: the rest of a batch is as young
    let mut sessions: Vec<&chat_change::Model> = news.iter().collect();
    sessions.sort_by_key(|row| (&row.session_id, row.at));
    sessions.dedup_by_key(|row| &row.session_id);
    for row in sessions {
        chat_change::Entity::delete_many()
            .filter(C::SessionId.eq(row.session_id.clone()))
            .filter(C::At.lt(row.at - 2 * REMEMBERED))
            .exec(tx)
            .await
            .map_err(sql_error)?;
    }
    Ok(())
}

async fn execute<const N: usize>(tx: &DatabaseTransaction, sql: &str, values: [Value; N]) -> PortResult<()> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(statement).await.map(drop).map_err(sql_error)
}
