//! Writes of many sessions in one commit.
//!
//! SQLite has one writer, and a commit waits for the disk: written one by one, sessions would wait for each other's
//! commits. Whoever finds the writer free takes along what others have left meanwhile.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, Statement,
    sea_query::{InsertStatement, OnConflict},
};
use tokio::sync::oneshot::{self, error::TryRecvError};
use wagate_domain::{
    ports::{PortError, PortResult},
    sessions::SessionKey,
};

use super::{
    column, held, hold,
    table::{Held, Row, Table},
};
use crate::sql::{
    Database,
    error::{sql_error, unavailable},
    rows::to_json,
};

/// Most writes in one commit, so that none waits long for the others.
const MOST: usize = 64;

/// A change to one session's store, for the owner that holds it at an epoch.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) session: SessionKey,
    pub(super) epoch: i64,
    pub(super) change: Change,
}

/// What is to be changed.
#[derive(Debug)]
pub(super) enum Change {
    /// Rows to put in, or in the place of those of the same key. Those of several sessions go into one statement.
    Upsert(Table, Vec<Row>),
    /// Rows to put in, and what to do where the key exists.
    Merge(Table, Vec<Row>, Box<OnConflict>),
    /// Anything that seals nothing.
    Statements(Vec<Statement>),
}

impl Write {
    /// Whose it is, as [`owners`] tells them.
    fn owner(&self) -> (String, i64) {
        (self.session.id.to_string(), self.epoch)
    }
}

/// A write that waits for somebody to make it.
#[derive(Debug)]
struct Left {
    write: Arc<Write>,
    done: oneshot::Sender<PortResult<u64>>,
}

/// What waits for the writer.
#[derive(Debug, Default)]
pub(in crate::sql) struct Group {
    left: Mutex<Vec<Left>>,
    writer: tokio::sync::Mutex<()>,
}

impl Group {
    /// Makes a write, alone or with others; returns how many rows it touched.
    pub(super) async fn write(&self, db: &Database, write: Write) -> PortResult<u64> {
        let write = Arc::new(write);
        let (done, mut answer) = oneshot::channel();
        self.left().push(Left { write: Arc::clone(&write), done });
        tokio::select! {
            biased;
            answered = &mut answer => match answered {
                Ok(answered) => answered,
                // whoever took it along was given up half-way, and nothing of it was written
                Err(_) => alone(db, &write).await,
            },
            _writer = self.writer.lock() => loop {
                match answer.try_recv() {
                    Ok(answered) => return answered,
                    Err(TryRecvError::Empty) => make(db, self.take()).await,
                    Err(TryRecvError::Closed) => return alone(db, &write).await,
                }
            },
        }
    }

    /// The oldest writes whose callers still wait.
    fn take(&self) -> Vec<Left> {
        let mut left = self.left();
        left.retain(|left| !left.done.is_closed());
        let count = left.len().min(MOST);
        left.drain(..count).collect()
    }

    fn left(&self) -> std::sync::MutexGuard<'_, Vec<Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes writes in one transaction; when one of them fails, each in its own.
async fn make(db: &Database, batch: Vec<Left>) {
    let results = match batch.as_slice() {
        [] => return,
        [one] => vec![alone(db, &one.write).await],
        many => match together(db, many).await {
            Ok(results) => results,
            // one after the other they would wait for it as often
            Err(PortError::Unavailable { source, .. }) => {
                let why = source.to_string();
                many.iter().map(|_| Err(unavailable(why.clone()))).collect()
            }
            Err(_) => {
                let mut results = Vec::with_capacity(many.len());
                for left in many {
                    results.push(alone(db, &left.write).await);
                }
                results
            }
        },
    };
    for (left, result) in batch.into_iter().zip(results) {
        // a caller that has gone does not want to know
        let _ = left.done.send(result);
    }
}

async fn together(db: &Database, batch: &[Left]) -> PortResult<Vec<PortResult<u64>>> {
    let tx = db.begin().await?;
    let owners = owners(db, &tx, batch.iter().map(|left| &*left.write)).await?;
    let mut results = Vec::with_capacity(batch.len());
    let mut upserts = Upserts::default();
    for Left { write, .. } in batch {
        results.push(match (owners.get(&write.owner()), &write.change) {
            (None, _) => Err(PortError::Stale),
            (Some(held), Change::Upsert(table, rows)) => {
                upserts.add(*table, held, rows);
                Ok(rows.len() as u64)
            }
            (Some(held), other) => {
                // what was left before comes first: it may be about the same rows
                upserts.run(&tx).await?;
                Ok(run(&tx, other.statements(held, tx.get_database_backend())?).await?)
            }
        });
    }
    upserts.run(&tx).await?;
    tx.commit().await.map_err(sql_error)?;
    Ok(results)
}

/// Rows that wait to be put in, by table.
#[derive(Debug, Default)]
struct Upserts(Vec<(Table, Vec<(Held, Row)>)>);

impl Upserts {
    fn add(&mut self, table: Table, held: &Held, rows: &[Row]) {
        let rows = rows.iter().map(|row| (held.clone(), row.clone()));
        match self.0.iter_mut().find(|(other, _)| other.name == table.name) {
            Some((_, waiting)) => waiting.extend(rows),
            None => self.0.push((table, rows.collect())),
        }
    }

    /// Puts them in. SQLite takes the rows of a statement one after the other, so the last of one key counts.
    async fn run(&mut self, tx: &DatabaseTransaction) -> PortResult<()> {
        for (table, rows) in self.0.drain(..) {
            run(tx, built(&table.upserts_of(rows)?, tx.get_database_backend())).await?;
        }
        Ok(())
    }
}

/// Makes one write in a transaction of its own.
pub(super) async fn alone(db: &Database, write: &Write) -> PortResult<u64> {
    let tx = db.begin().await?;
    let held = hold(db, &tx, write.session, write.epoch).await?;
    let touched = run(&tx, write.change.statements(&held, tx.get_database_backend())?).await?;
    tx.commit().await.map_err(sql_error)?;
    Ok(touched)
}

impl Change {
    /// What it is in SQL for the session that the writer holds.
    fn statements(&self, held: &Held, backend: DbBackend) -> PortResult<Vec<Statement>> {
        Ok(match self {
            Self::Upsert(table, rows) => built(&table.upserts(held, rows.clone())?, backend),
            Self::Merge(table, rows, conflict) => {
                built(&table.inserts(held, rows.clone(), conflict)?, backend)
            }
            Self::Statements(statements) => statements.clone(),
        })
    }
}

fn built(inserts: &[InsertStatement], backend: DbBackend) -> Vec<Statement> {
    inserts.iter().map(|insert| backend.build(insert)).collect()
}

async fn run(tx: &DatabaseTransaction, statements: Vec<Statement>) -> PortResult<u64> {
    let mut touched = 0;
    for statement in statements {
        touched += tx.execute_raw(statement).await.map_err(sql_error)?.rows_affected();
    }
    Ok(touched)
}

/// Those of these writers that are on record as owners, with what they hold.
async fn owners(
    db: &Database,
    tx: &DatabaseTransaction,
    writes: impl Iterator<Item = &Write>,
) -> PortResult<HashMap<(String, i64), Held>> {
    let sessions: BTreeMap<String, SessionKey> =
        writes.map(|write| (write.session.id.to_string(), write.session)).collect();
    let ids: Vec<&String> = sessions.keys().collect();
    // one text however many there are, so that it is prepared once
    let select = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "SELECT id, workspace_id, epoch, data_key FROM sessions WHERE id IN (SELECT value FROM json_each($1))",
        [to_json(&ids)?.into()],
    );
    let mut owners = HashMap::new();
    for row in tx.query_all_raw(select).await.map_err(sql_error)? {
        let (id, workspace): (String, String) = (column(&row, "id")?, column(&row, "workspace_id")?);
        if let Some(session) = sessions.get(&id).filter(|session| session.workspace.to_string() == workspace)
        {
            owners.insert((id, column(&row, "epoch")?), held(db, tx, *session, &row).await?);
        }
    }
    Ok(owners)
}
