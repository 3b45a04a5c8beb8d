//! Full text: what is written of a message's words, and how they are searched.
//!
//! Words are split and folded by the domain, so that both databases find the same. They stand in a table of their own,
//! which the projection writes when what a message carries is new; they go with the message. In SQLite triggers keep an
//! FTS5 index of the table, in PostgreSQL it has a GIN index.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value, sea_query::Expr,
};
use wagate_domain::{
    WorkspaceId,
    messages::{Content, Sought, words},
    ports::PortResult,
};

use super::{
    error::sql_error,
    rows::{
        from_json,
        message::{Column, Entity, Model},
    },
};

/// Rows of one statement.
const ROWS: usize = 1_000;

/// The words of one message.
struct Words {
    message: String,
    scope: String,
    kind: &'static str,
    words: String,
}

/// Writes the words of messages; one that has none any more loses them. The messages must be stored before.
pub(super) async fn store(
    tx: &DatabaseTransaction,
    messages: impl Iterator<Item = &Model>,
) -> PortResult<()> {
    let (mut written, mut empty) = (Vec::new(), Vec::new());
    for message in messages {
        let words = match message.is_deleted() {
            true => None,
            false => words_of(&message.id, &message.workspace_id, &message.content)?,
        };
        match words {
            Some(words) => written.push(words),
            None => empty.push(message.id.clone()),
        }
    }
    for rows in written.chunks(ROWS) {
        write(tx, rows).await?;
    }
    for ids in empty.chunks(ROWS) {
        let sql = format!("DELETE FROM message_words WHERE message_id IN ({})", places(1, ids.len()));
        execute(tx, &sql, ids.iter().map(|id| id.clone().into()).collect()).await?;
    }
    Ok(())
}

/// Writes the words of every message on record. Names its columns: later steps of the schema add others.
pub(super) async fn store_all(tx: &DatabaseTransaction) -> PortResult<()> {
    let mut after = String::new();
    loop {
        let rows: Vec<(String, String, String)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::WorkspaceId, Column::Content])
            .filter(Column::Id.gt(after.clone()))
            .order_by_asc(Column::Id)
            .limit(ROWS as u64)
            .into_tuple()
            .all(tx)
            .await
            .map_err(sql_error)?;
        let Some((last, ..)) = rows.last() else { return Ok(()) };
        after.clone_from(last);
        let mut written = Vec::with_capacity(rows.len());
        for (id, workspace, content) in &rows {
            written.extend(words_of(id, workspace, content)?);
        }
        if !written.is_empty() {
            write(tx, &written).await?;
        }
    }
}

/// What can be found of a message: its text, and its file's name.
fn words_of(id: &str, workspace: &str, content: &str) -> PortResult<Option<Words>> {
    let content: Content = from_json("content", content)?;
    let mut found = content.text().map(words).unwrap_or_default();
    if let Content::Media { file_name: Some(name), .. } = &content {
        found.extend(words(name));
    }
    Ok((!found.is_empty()).then(|| Words {
        message: id.to_owned(),
        scope: scope(workspace),
        kind: content.type_name(),
        words: found.join(" "),
    }))
}

/// A tenant's id as one word.
fn scope(workspace: &str) -> String {
    format!("w{}", workspace.trim_start_matches("ws_").to_lowercase())
}

async fn write(tx: &DatabaseTransaction, rows: &[Words]) -> PortResult<()> {
    // places without numbers where that is possible: SQLite looks each number up among all that came before it
    let tuple = |row| match tx.get_database_backend() {
        DbBackend::Sqlite => "(?, ?, ?, ?)".to_owned(),
        _ => format!("({})", places(row * 4 + 1, 4)),
    };
    let tuples: Vec<String> = (0..rows.len()).map(tuple).collect();
    // a message that was not stored, because it is on record already, has no words of its own
    let sql = format!(
        "WITH fresh (message_id, scope, kind, words) AS (VALUES {})
        INSERT INTO message_words (message_id, scope, kind, words)
            SELECT fresh.message_id, fresh.scope, fresh.kind, fresh.words
            FROM fresh JOIN messages ON messages.id = fresh.message_id WHERE TRUE
        ON CONFLICT (message_id) DO UPDATE SET kind = excluded.kind, words = excluded.words",
        tuples.join(", "),
    );
    let values = rows.iter().flat_map(|row| {
        [row.message.clone().into(), row.scope.clone().into(), row.kind.into(), row.words.clone().into()]
    });
    execute(tx, &sql, values.collect()).await
}

/// The condition that a message of a tenant has these words.
pub(super) fn found(postgres: bool, workspace: WorkspaceId, sought: &Sought, kind: Option<&str>) -> Expr {
    let scope = scope(&workspace.to_string());
    let (matching, mut values) =
        if postgres { matching_in_postgres(scope, sought) } else { matching_in_sqlite(&scope, sought) };
    let of_kind = if postgres { "AND kind = $%" } else { "AND kind = ?" };
    let of_kind = of_kind.replace('%', &(values.len() + 1).to_string());
    values.extend(kind.map(Value::from));
    let of_kind = kind.map_or("", |_| of_kind.as_str());
    let condition =
        format!("messages.id IN (SELECT message_id FROM message_words WHERE {matching} {of_kind})");
    Expr::cust_with_values(condition, values)
}

fn matching_in_sqlite(scope: &str, sought: &Sought) -> (String, Vec<Value>) {
    // words are letters and digits: nothing in quotes has to be escaped
    let mut query = format!("{{scope}} : \"{scope}\"");
    for phrase in sought.phrases() {
        query.push_str(&format!(" AND {{words}} : \"{}\"", phrase.join(" ")));
    }
    ("doc IN (SELECT rowid FROM message_index WHERE message_index MATCH ?)".to_owned(), vec![query.into()])
}

fn matching_in_postgres(scope: String, sought: &Sought) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = vec![scope.into()];
    values.extend(sought.phrases().iter().map(|phrase| Value::from(phrase.join(" "))));
    let phrases: Vec<String> =
        (1..=values.len()).map(|place| format!("phraseto_tsquery('simple', ${place})")).collect();
    (format!("to_tsvector('simple', scope || ' ' || words) @@ ({})", phrases.join(" && ")), values)
}

/// `$first, …`, so many.
fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

async fn execute(tx: &DatabaseTransaction, sql: &str, values: Vec<Value>) -> PortResult<()> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(statement).await.map(drop).map_err(sql_error)
}
