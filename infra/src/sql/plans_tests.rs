//! The main lists are read from an index, in its order, on both databases.

use sea_orm::{ConnectionTrait, QueryTrait, Statement};
use wagate_domain::{
    MessageId, SessionId, Timestamp, WorkspaceId,
    ids::{Id, ulid},
    messages::Sought,
    ports::{ChatPlace, ChatQuery, ContactQuery, MessageQuery},
};
use wagate_infra::testing::{Postgres, RING_KEY};

use super::{
    Database, chats, contacts,
    projection::one_of,
    rows::{chat, contact, message},
};
use crate::seal::Ring;

/// Rows of each table, of two workspaces with two sessions each.
const ROWS: u64 = 20_000;

fn nth<T: Id>(n: u128) -> T {
    T::from_ulid(ulid(Timestamp::from_millis(1_000), n))
}

// the ring of the crate's testing feature is another build's type here
fn ring() -> Ring {
    Ring::read([RING_KEY]).unwrap()
}

/// Fills the tables with a statement each; `n` counts rows.
async fn fill(db: &Database) {
    let workspaces: Vec<String> =
        (0..2).map(|n| format!("WHEN {n} THEN '{}'", nth::<WorkspaceId>(n))).collect();
    let sessions: Vec<String> = (0..4).map(|n| format!("WHEN {n} THEN '{}'", nth::<SessionId>(n))).collect();
    let (workspaces, sessions) = (workspaces.join(" "), sessions.join(" "));
    let workspace = format!("CASE n % 2 {workspaces} END");
    let session = format!("CASE n % 4 {sessions} END");
    let series = if db.is_postgres() {
        format!("FROM generate_series(1, {ROWS}) AS n")
    } else {
        format!(
            "FROM (WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {ROWS}) SELECT n FROM up)"
        )
    };
    for sql in [
        format!("INSERT INTO chats (workspace_id, session_id, chat_key, chat, at, unread, marked_unread, archived,
                pinned, muted, deleted, left_group, changed_at)
            SELECT {workspace}, {session}, 'ctc_' || n, '62811@s.whatsapp.net', n, CASE WHEN n % 50 < 10 THEN 1 ELSE 0 END,
                FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, 0 {series}"),
        format!("INSERT INTO messages (id, workspace_id, session_id, direction, chat, chat_key, stanza_id, content, offline,
                priority, status, times, at)
            SELECT 'msg_' || n, {workspace}, {session}, 'in', '62811@s.whatsapp.net', 'ctc_' || (n % 100), 'S' || n,
                '{{}}', FALSE, 'interactive', 'received', '{{}}', n {series}"),
        format!("INSERT INTO message_words (message_id, scope, kind, words)
            SELECT 'msg_' || n, 'w' || (n % 2), 'text', 'word' || n || ' common' {series}"),
        format!("INSERT INTO contacts (id, workspace_id, session_id, pn, updated_at)
            SELECT 'ctc_' || n, {workspace}, {session}, '62' || n, n {series}"),
        "ANALYZE".to_owned(),
    ] {
        db.write_raw(&sql).await;
    }
}

impl Database {
    async fn write_raw(&self, sql: &str) {
        let tx = self.begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        tx.commit().await.unwrap();
    }

    async fn plan(&self, select: &impl QueryTrait) -> String {
        let backend = self.read().get_database_backend();
        let Statement { sql, values, .. } = select.build(backend);
        let explain = if self.is_postgres() { "EXPLAIN" } else { "EXPLAIN QUERY PLAN" };
        let statement = Statement { sql: format!("{explain} {sql}"), values, db_backend: backend };
        let rows = self.read().query_all_raw(statement).await.unwrap();
        let line = |row: &sea_orm::QueryResult| -> String {
            if self.is_postgres() {
                row.try_get_by_index(0).unwrap()
            } else {
                row.try_get("", "detail").unwrap()
            }
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[track_caller]
fn reads(plan: &str, index: &str, sorts: bool) {
    assert!(plan.contains(index), "not by {index}:\n{plan}");
    let sorted = plan.contains("TEMP B-TREE FOR ORDER BY") || plan.contains("Sort Key");
    assert_eq!(sorted, sorts, "{plan}");
}

async fn lists_are_read_from_their_index(db: &Database) {
    fill(db).await;
    let (workspace, session) = (nth::<WorkspaceId>(1), Some(nth::<SessionId>(3)));
    let behind =
        Some(ChatPlace { at: Timestamp::from_millis(3_000), session: nth(3), key: "ctc_9".to_owned() });
    for (query, index) in [
        (ChatQuery::default(), "chats_by_time"),
        (ChatQuery { behind: behind.clone(), ..ChatQuery::default() }, "chats_by_time"),
        (ChatQuery { session, behind, ..ChatQuery::default() }, "chats_by_session"),
        (ChatQuery { unread: Some(true), ..ChatQuery::default() }, "chats_unread"),
    ] {
        let select = chats::page(workspace, &ChatQuery { limit: 20, ..query });
        reads(&db.plan(&select.find_also_related(contact::Entity)).await, index, false);
    }
    let place = Some((Timestamp::from_millis(3_000), nth::<MessageId>(7)));
    let chat = Some(vec!["ctc_3".to_owned()]);
    for (query, chats, index) in [
        (MessageQuery { before: place, ..MessageQuery::default() }, None, "messages_by_time"),
        (
            MessageQuery { after: place, oldest_first: true, ..MessageQuery::default() },
            None,
            "messages_by_time",
        ),
        (
            MessageQuery { session, after: place, oldest_first: true, ..MessageQuery::default() },
            None,
            "messages_by_session",
        ),
        (
            MessageQuery { after: place, oldest_first: true, ..MessageQuery::default() },
            chat,
            "messages_by_chat",
        ),
    ] {
        let select = db.page(workspace, &MessageQuery { limit: 20, ..query }, chats);
        reads(&db.plan(&select.find_also_related(contact::Entity)).await, index, false);
    }
    let text = Sought::read("word17");
    let select = db.page(workspace, &MessageQuery { text, limit: 20, ..MessageQuery::default() }, None);
    reads(&db.plan(&select.find_also_related(contact::Entity)).await, "message_index", true);
    for (query, index) in [
        (ContactQuery::default(), "contacts_by_workspace"),
        (ContactQuery { session, ..ContactQuery::default() }, "contacts_by_session"),
    ] {
        let select = contacts::page(workspace, &ContactQuery { limit: 20, ..query });
        reads(&db.plan(&select).await, index, false);
    }
}

/// What a batch of events touches is looked up pair by pair, however many sessions it is of.
async fn a_batch_is_looked_up_by_index(db: &Database) {
    let pairs: Vec<(String, String)> =
        (0..20).map(|n| (nth::<SessionId>(n % 4).to_string(), format!("S{n}"))).collect();
    let pairs: Vec<&(String, String)> = pairs.iter().collect();
    let of_messages = (message::Column::SessionId, message::Column::StanzaId);
    let plan = db.plan(&one_of::<message::Entity>(of_messages, &pairs)).await;
    let by =
        if db.is_postgres() { "messages_session_id_stanza_id" } else { "(session_id=? AND stanza_id=?)" };
    assert!(plan.contains(by), "not by {by}:\n{plan}");
    let of_chats = (chat::Column::SessionId, chat::Column::ChatKey);
    let plan = db.plan(&one_of::<chat::Entity>(of_chats, &pairs)).await;
    let by = if db.is_postgres() { "chats_pkey" } else { "(session_id=? AND chat_key=?)" };
    assert!(plan.contains(by), "not by {by}:\n{plan}");
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(&format!("sqlite://{}/x.db", folder.path().display()), &ring()).await.unwrap();
    db.migrate().await.unwrap();
    lists_are_read_from_their_index(&db).await;
    a_batch_is_looked_up_by_index(&db).await;
}

#[tokio::test]
async fn on_postgresql() {
    let server = Postgres::start().await;
    let db = Database::open(&server.database().await, &ring()).await.unwrap();
    db.migrate().await.unwrap();
    lists_are_read_from_their_index(&db).await;
    a_batch_is_looked_up_by_index(&db).await;
}
