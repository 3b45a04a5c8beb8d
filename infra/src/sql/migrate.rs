//! The schema, step by step. Each step runs once, all in one transaction, under a lock.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use wagate_domain::ports::PortResult;

use super::{Database, contacts, error::sql_error, rekey, words};

/// How many steps lead to the schema of this version.
pub const STEPS: usize = SCHEMA.len();

/// Steps in order; a released step is never changed.
const SCHEMA: [(i64, &str, &str); 18] = [
    (1, "first", include_str!("migrations/0001_first.sql")),
    (2, "schedules", include_str!("migrations/0002_schedules.sql")),
    (3, "events", include_str!("migrations/0003_events.sql")),
    (4, "reading", include_str!("migrations/0004_reading.sql")),
    (5, "sealed", include_str!("migrations/0005_sealed.sql")),
    (6, "plans", include_str!("migrations/0006_plans.sql")),
    (7, "mail", include_str!("migrations/0007_mail.sql")),
    (8, "people", include_str!("migrations/0008_people.sql")),
    (9, "access", include_str!("migrations/0009_access.sql")),
    (10, "cors", include_str!("migrations/0010_cors.sql")),
    (11, "terms", include_str!("migrations/0011_terms.sql")),
    (12, "identities", include_str!("migrations/0012_identities.sql")),
    (13, "deletions", include_str!("migrations/0013_deletions.sql")),
    (14, "staged_with", include_str!("migrations/0014_staged_with.sql")),
    (15, "outcomes", include_str!("migrations/0015_outcomes.sql")),
    (16, "owners_deletions", include_str!("migrations/0016_owners_deletions.sql")),
    (17, "past", include_str!("migrations/0017_past.sql")),
    (18, "taken", include_str!("migrations/0018_taken.sql")),
];

/// The step after which what is on record already has to be made searchable; SQL cannot fold text.
const READING: i64 = 4;
/// The step after which what is secret has to be sealed; SQL has no keys.
const SEALED: i64 = 5;

/// PostgreSQL's advisory lock of the migrator: "wagate" in ASCII.
const LOCK: i64 = 0x7761_6761_7465;

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_versions \
     (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)";

impl Database {
    /// Brings the schema up to date; returns how many steps were taken. Several processes may call
    /// it at once: the first does the work, the others wait for it.
    ///
    /// # Errors
    /// As the database reports them, and when the ring cannot open what is on record; then nothing was changed.
    pub async fn migrate(&self) -> PortResult<usize> {
        self.migrate_to(i64::MAX).await
    }

    pub(super) async fn migrate_to(&self, last: i64) -> PortResult<usize> {
        let tx = self.begin().await?;
        if self.is_postgres() {
            let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
            tx.execute_unprepared(&lock).await.map_err(sql_error)?;
        }
        tx.execute_unprepared(VERSIONS).await.map_err(sql_error)?;
        let done = applied(&tx).await?;
        if done.contains(&SEALED) {
            self.keys().check(&tx).await?;
        }
        let (mut taken, mut lay_open) = (0, false);
        let steps = SCHEMA.into_iter().filter(|(version, ..)| *version <= last && !done.contains(version));
        for (version, name, text) in steps {
            tx.execute_unprepared(&self.dialect(text)).await.map_err(sql_error)?;
            let record = Statement::from_sql_and_values(
                tx.get_database_backend(),
                "INSERT INTO schema_versions (version, name) VALUES ($1, $2)",
                [version.into(), name.into()],
            );
            tx.execute_raw(record).await.map_err(sql_error)?;
            if version == READING {
                words::store_all(&tx).await?;
                contacts::fold_all(&tx).await?;
            }
            if version == SEALED {
                lay_open = rekey::seal_all(self, &tx).await?;
            }
            taken += 1;
        }
        tx.commit().await.map_err(sql_error)?;
        if lay_open {
            self.forget_what_lay_open().await?;
        }
        Ok(taken)
    }

    fn dialect(&self, text: &str) -> String {
        let (key, bytes) =
            if self.is_postgres() { (r#"TEXT COLLATE "C""#, "BYTEA") } else { ("TEXT", "BLOB") };
        let database = if self.is_postgres() { "postgresql" } else { "sqlite" };
        lines_for(database, text).replace("{key}", key).replace("{bytes}", bytes)
    }
}

/// A step without what stands, between `-- only <database>` and `-- for both`, for the other database.
fn lines_for(database: &str, text: &str) -> String {
    let mut only = None;
    let mut lines = String::with_capacity(text.len());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("-- only ") {
            only = Some(name);
        } else if line == "-- for both" {
            only = None;
        } else if only.is_none_or(|name| name == database) {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    lines
}

async fn applied(tx: &DatabaseTransaction) -> PortResult<HashSet<i64>> {
    let select = Statement::from_string(tx.get_database_backend(), "SELECT version FROM schema_versions");
    let rows = tx.query_all_raw(select).await.map_err(sql_error)?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(sql_error)).collect()
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;
    use wagate_domain::{
        WorkspaceId,
        messages::Sought,
        ports::{ChatQuery, Chats, ContactQuery, Contacts, MessageQuery, Messages},
    };
    use wagate_infra::testing::Postgres;

    use super::{Database, lines_for};
    use crate::seal::Ring;

    // the ring of the crate's testing feature is another build's type here
    fn ring() -> Ring {
        Ring::read([wagate_infra::testing::RING_KEY]).unwrap()
    }

    const OLD: &str = "
        INSERT INTO contacts (id, workspace_id, session_id, pn, push_name, updated_at) VALUES
            ('ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G',
                '62811', 'José', 5);
        INSERT INTO messages (id, workspace_id, session_id, direction, chat, chat_key, stanza_id, content, offline,
            priority, status, times, at)
        SELECT 'msg_01JZZZ6E5R4Q3P2N1M0K9J8H' || n, 'ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G',
            'in', '62811@s.whatsapp.net', 'ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G', 'S' || n,
            '{\"type\":\"text\",\"body\":\"Café ' || n || '\"}', FALSE, 'interactive',
            CASE n WHEN 12 THEN 'accepted' ELSE 'received' END, '{}', n
        FROM (SELECT 10 AS n UNION ALL SELECT 11 UNION ALL SELECT 12) AS numbers";

    async fn what_was_there_is_readable(db: &Database) {
        db.migrate_to(2).await.unwrap();
        let tx = db.begin().await.unwrap();
        tx.execute_unprepared(OLD).await.unwrap();
        tx.commit().await.unwrap();
        db.migrate().await.unwrap();
        let workspace: WorkspaceId = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G".parse().unwrap();
        let chats =
            Chats::list(db, workspace, &ChatQuery { limit: 9, ..ChatQuery::default() }).await.unwrap();
        assert_eq!(chats.len(), 1);
        assert_eq!((chats[0].unread, chats[0].at.as_millis()), (0, 11), "what was there counts as read");
        assert!(chats[0].last_message.is_some_and(|id| id.to_string().ends_with("11")));
        let query = MessageQuery { text: Sought::read("cafe 10"), limit: 9, ..MessageQuery::default() };
        assert_eq!(Messages::list(db, workspace, &query).await.unwrap().len(), 1);
        let query = ContactQuery { name: Some("jose".to_owned()), limit: 9, ..ContactQuery::default() };
        assert_eq!(Contacts::list(db, workspace, &query).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_was_there_is_readable_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let db =
            Database::open(&format!("sqlite://{}/x.db", folder.path().display()), &ring()).await.unwrap();
        what_was_there_is_readable(&db).await;
    }

    #[tokio::test]
    async fn what_was_there_is_readable_on_postgresql() {
        let server = Postgres::start().await;
        what_was_there_is_readable(&Database::open(&server.database().await, &ring()).await.unwrap()).await;
    }

    #[test]
    fn each_database_gets_its_lines() {
        let text = "a\n-- only sqlite\nb\n-- only postgresql\nc\n-- for both\nd\n";
        assert_eq!(lines_for("sqlite", text), "a\nb\nd\n");
        assert_eq!(lines_for("postgresql", text), "a\nc\nd\n");
    }
}
