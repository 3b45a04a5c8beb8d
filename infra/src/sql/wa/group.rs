//! Writes of many sessions in one commit.
//!
//! SQLite has one writer, and a commit waits for the disk: written one by one, sessions would wait for each other's
//! commits. Whoever finds the writer free takes along what others have left meanwhile.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, Statement,
};
use tokio::sync::oneshot::{self, error::TryRecvError};
use wagate_domain::{
    ports::{PortError, PortResult},
    sessions::SessionKey,
};

use super::lock;
use crate::sql::{
    Database,
    error::{sql_error, unavailable},
    rows::session::{Column, Entity},
};

/// Most writes in one commit, so that none waits long for the others.
const MOST: usize = 64;

/// Statements of one session, for the owner that holds it at an epoch.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) session: SessionKey,
    pub(super) epoch: i64,
    pub(super) statements: Vec<Statement>,
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
    let owners = owners(&tx, batch.iter().map(|left| &*left.write)).await?;
    let mut results = Vec::with_capacity(batch.len());
    for Left { write, .. } in batch {
        results.push(match owners.contains(&write.owner()) {
            true => Ok(run(&tx, write).await?),
            false => Err(PortError::Stale),
        });
    }
    tx.commit().await.map_err(sql_error)?;
    Ok(results)
}

/// Makes one write in a transaction of its own.
pub(super) async fn alone(db: &Database, write: &Write) -> PortResult<u64> {
    let tx = db.begin().await?;
    lock(&tx, write.session, write.epoch).await?;
    let touched = run(&tx, write).await?;
    tx.commit().await.map_err(sql_error)?;
    Ok(touched)
}

async fn run(tx: &DatabaseTransaction, write: &Write) -> PortResult<u64> {
    let mut touched = 0;
    for statement in &write.statements {
        touched += tx.execute_raw(statement.clone()).await.map_err(sql_error)?.rows_affected();
    }
    Ok(touched)
}

/// Which of these writers are on record as owners.
async fn owners(
    tx: &DatabaseTransaction,
    writes: impl Iterator<Item = &Write>,
) -> PortResult<HashSet<(String, i64)>> {
    let mut any = Condition::any();
    for write in writes {
        any = any.add(
            Column::Id
                .eq(write.session.id.to_string())
                .and(Column::WorkspaceId.eq(write.session.workspace.to_string()))
                .and(Column::Epoch.eq(write.epoch)),
        );
    }
    let found = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Epoch])
        .filter(any)
        .into_tuple()
        .all(tx)
        .await
        .map_err(sql_error)?;
    Ok(found.into_iter().collect())
}
