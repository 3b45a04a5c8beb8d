//! What a database keeps of a tenant, for tests that judge whether anything was left behind: every table of the catalogue
//! is filled and looked through, so that none can be forgotten that is added later.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Statement, Value};
use wagate_domain::{WorkspaceId, ports::PortResult};

use super::{Database, error::sql_error};

/// Tables that the database keeps for itself: what is in the words of messages, once more.
const INDEX: &str = "message_index";
/// Those that others refer to come first.
const FIRST: [&str; 4] = ["data_keys", "sessions", "webhooks", "messages"];
/// Rows for each table.
const ROWS: i64 = 3;

/// A column: its name, and its type in small letters.
type Column = (String, String);

impl Database {
    /// In which columns a text stands, as `table.column`, and in how many rows of each.
    ///
    /// # Errors
    /// As the database reports them.
    pub async fn traces(&self, text: &str) -> PortResult<BTreeMap<String, i64>> {
        let mut found = BTreeMap::new();
        for (table, columns) in self.catalogue().await? {
            for (column, _) in columns {
                let shown = if self.is_postgres() {
                    format!("replace(CAST({column} AS TEXT), '\\x', '')")
                } else {
                    format!("CAST({column} AS TEXT)")
                };
                let sql = format!("SELECT COUNT(*) FROM {table} WHERE {shown} LIKE $1");
                let rows = self.rows(&sql, [format!("%{text}%").into()]).await?;
                let count: i64 = rows[0].try_get_by_index(0).map_err(sql_error)?;
                if count > 0 {
                    found.insert(format!("{table}.{column}"), count);
                }
            }
        }
        Ok(found)
    }

    /// Puts rows of a tenant into every table that has a place for them. What they say means nothing; where it is a text,
    /// the tenant's id is in it. Returns the names of the tables.
    ///
    /// # Errors
    /// As the database reports them.
    pub async fn fill(&self, workspace: WorkspaceId, user: &str) -> PortResult<Vec<String>> {
        let mut tables: Vec<_> =
            self.catalogue().await?.into_iter().filter(|(_, columns)| theirs(columns)).collect();
        tables.sort_by_key(|(table, _)| FIRST.iter().position(|first| first == table).unwrap_or(FIRST.len()));
        let tx = self.begin().await?;
        for (table, columns) in &tables {
            for row in 0..ROWS {
                let filled: Vec<(&str, Value)> = columns
                    .iter()
                    .filter(|(column, _)| !(column == "doc" && table == "message_words"))
                    .map(|(column, kind)| (column.as_str(), value(table, column, kind, workspace, user, row)))
                    .collect();
                let names: Vec<&str> = filled.iter().map(|(column, _)| *column).collect();
                let places: Vec<String> = (1..=filled.len()).map(|place| format!("${place}")).collect();
                let sql = format!(
                    "INSERT INTO {table} ({}) VALUES ({}) ON CONFLICT DO NOTHING",
                    names.join(", "),
                    places.join(", ")
                );
                let values = filled.into_iter().map(|(_, value)| value);
                let insert = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
                tx.execute_raw(insert).await.map_err(sql_error)?;
            }
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(tables.into_iter().map(|(table, _)| table).collect())
    }

    /// Every table with its columns.
    async fn catalogue(&self) -> PortResult<Vec<(String, Vec<Column>)>> {
        let sql = if self.is_postgres() {
            "SELECT table_name, column_name, data_type FROM information_schema.columns
                WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
        } else {
            "SELECT tables.name, columns.name, columns.type FROM sqlite_master AS tables
                JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'
                ORDER BY tables.name, columns.cid"
        };
        let mut tables: Vec<(String, Vec<Column>)> = Vec::new();
        for row in self.rows(sql, []).await? {
            let text = |at: usize| row.try_get_by_index::<String>(at).map_err(sql_error);
            let (table, column) = (text(0)?, (text(1)?, text(2)?.to_lowercase()));
            match tables.last_mut() {
                Some((last, columns)) if *last == table => columns.push(column),
                _ => tables.push((table, vec![column])),
            }
        }
        tables.retain(|(table, _)| !table.starts_with(INDEX) && !table.starts_with("sqlite_"));
        Ok(tables)
    }

    async fn rows<const N: usize>(
        &self,
        sql: &str,
        values: [Value; N],
    ) -> PortResult<Vec<sea_orm::QueryResult>> {
        let select = Statement::from_sql_and_values(self.read().get_database_backend(), sql, values);
        self.read().query_all_raw(select).await.map_err(sql_error)
    }
}

/// Whether a table has rows of tenants; words have them by their message.
fn theirs(columns: &[Column]) -> bool {
    columns.iter().any(|(column, _)| column == "workspace_id" || column == "scope")
}

fn value(table: &str, column: &str, kind: &str, workspace: WorkspaceId, user: &str, row: i64) -> Value {
    let id = |table: &str| format!("{table}-id-{workspace}-{row}");
    match (column, kind) {
        ("workspace_id", _) => workspace.to_string().into(),
        ("session_id", _) => id("sessions").into(),
        ("webhook_id", _) => id("webhooks").into(),
        ("message_id", _) if table == "message_words" => id("messages").into(),
        ("data_key", _) => id("data_keys").into(),
        ("user_id", _) => user.to_owned().into(),
        ("state", _) if table == "exports" => "failed".into(),
        (_, "boolean") => true.into(),
        // unlike that of any other tenant
        (_, "bigint" | "integer") => (i64::from_ne_bytes(
            u64::try_from(workspace.ulid().random() & 0xffff_ffff).unwrap_or_default().to_ne_bytes(),
        ) * ROWS
            + row)
            .into(),
        (_, "blob" | "bytea") => vec![1_u8, u8::try_from(row).unwrap_or_default()].into(),
        _ => format!("{table}-{column}-{workspace}-{row}").into(),
    }
}
