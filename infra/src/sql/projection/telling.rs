//! What a batch of log entries gives subscribers to hear.

use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use wagate_domain::{
    EventId,
    events::{Event, Told, ToldData},
    ports::PortResult,
};

use super::store::insert_missing;
use crate::sql::{
    error::{internal, sql_error},
    rows::{signed, told::Model},
};

/// Takes places in the order of events; the row is locked until the transaction ends.
const TAKE_PLACES: &str = "UPDATE event_counter SET last = last + $1 WHERE one = 1 RETURNING last";

/// Events to tell, in their order.
#[derive(Debug, Default)]
pub(super) struct Telling {
    told: Vec<Told>,
    of_entry: usize,
    entry: Option<EventId>,
}

impl Telling {
    /// Tells of something that an entry of the log has brought about.
    pub(super) fn tell(&mut self, event: &Event, data: ToldData) {
        self.of_entry = if self.entry == Some(event.id) { self.of_entry + 1 } else { 0 };
        self.entry = Some(event.id);
        self.told.push(Told {
            id: Told::nth_id(event.id, self.of_entry),
            workspace: event.workspace,
            session: Some(event.session),
            at: event.at,
            data,
        });
    }

    /// The events.
    pub(super) fn told(&self) -> &[Told] {
        &self.told
    }
}

/// Writes events down in the next places. One that is there already stays where it is.
pub(in crate::sql) async fn write_told(tx: &DatabaseTransaction, told: &[Told]) -> PortResult<()> {
    if told.is_empty() {
        return Ok(());
    }
    let count = signed(told.len() as u64);
    let take = Statement::from_sql_and_values(tx.get_database_backend(), TAKE_PLACES, [count.into()]);
    let row = tx.query_one_raw(take).await.map_err(sql_error)?;
    let row = row.ok_or_else(|| internal("the counter of events is gone"))?;
    let last: i64 = row.try_get_by_index(0).map_err(sql_error)?;
    let rows: Vec<Model> = told
        .iter()
        .zip(last - count + 1..)
        .map(|(told, seq)| Model::of(told, seq))
        .collect::<PortResult<_>>()?;
    insert_missing(tx, rows).await
}
