//! Where rows of a tenant are, and in which order they go.

use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use wagate_domain::{WorkspaceId, ports::PortResult};

use crate::sql::{error::sql_error, wa};

/// Whoever could come in, and what posts to others.
const FIRST: [&str; 6] =
    ["api_keys", "memberships", "invitations", "outbox", "webhook_deliveries", "webhooks"];
/// What is sealed is gone by now, and nothing names the keys it was sealed with: with them goes every copy of it. What
/// lies open follows; words go with their messages.
const THEN: [&str; 13] = [
    "sessions",
    "data_keys",
    "events",
    "messages",
    "contacts",
    "chats",
    "chat_changes",
    "projection_marks",
    "media",
    "retention",
    "cors_origins",
    "exports",
    "audit",
];

/// Deletes at most `limit` rows of a tenant; returns how many went.
pub(super) async fn remove(
    tx: &DatabaseTransaction,
    postgres: bool,
    workspace: WorkspaceId,
    limit: u64,
) -> PortResult<u64> {
    let mut removed = 0;
    for (table, which) in tables() {
        if removed >= limit {
            break;
        }
        let id = workspace.to_string();
        let sql = delete(postgres, table, which);
        let left = i64::try_from(limit - removed).unwrap_or(i64::MAX);
        let statement =
            Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.into(), left.into()]);
        removed += tx.execute_raw(statement).await.map_err(sql_error)?.rows_affected();
    }
    Ok(removed)
}

/// Every table with rows of tenants, in their order, and which rows are a tenant's.
fn tables() -> impl Iterator<Item = (&'static str, &'static str)> {
    const OWN: &str = "workspace_id = $1";
    // a store is found by its sessions: it is gone with them
    const OF_SESSIONS: &str = "session_id IN (SELECT id FROM sessions WHERE workspace_id = $1)";
    // the file of an export that is done is there until it expires
    const UNMADE: &str = "workspace_id = $1 AND state = 'failed'";
    let first = FIRST.into_iter().map(|table| (table, OWN));
    let stores = wa::TABLES.iter().map(|table| (table.name, OF_SESSIONS));
    let then = THEN.into_iter().map(|table| (table, if table == "exports" { UNMADE } else { OWN }));
    first.chain(stores).chain(then)
}

/// Neither database deletes a part of what it finds by itself.
fn delete(postgres: bool, table: &str, which: &str) -> String {
    if postgres {
        return format!(
            "DELETE FROM {table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM {table} WHERE {which} LIMIT $2))"
        );
    }
    format!("DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {which} LIMIT $2)")
}
